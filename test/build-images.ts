import { connectEngine } from "../harness/sandbox/docker/engine.ts";
import { ensureImage } from "../harness/sandbox/docker/image.ts";
import { ensureEnvoy } from "../harness/sandbox/envoy/program.ts";

// Builds the images before the tests begin: their files run beside each other, and each would begin the same build.
const engine = connectEngine();
const say = (text: string) => void process.stderr.write(`landfall: ${text}\n`);
await ensureImage(engine, "istio-iptables", say);
const base = await ensureImage(engine, "pod", say);
await ensureImage(engine, "envoy", say, { base, envoyProgram: await ensureEnvoy(say) });
