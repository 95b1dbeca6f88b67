import { connectEngine } from "../harness/sandbox/docker-engine.ts";
import { ensureImage } from "../harness/sandbox/docker-image.ts";

// Builds the images before the tests begin: their files run beside each other, and each would begin the same build.
for (const name of ["pod", "istio-iptables"] as const) {
  await ensureImage(connectEngine(), name, (text) => process.stderr.write(`landfall: ${text}\n`));
}
