import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";

/**
 * A run to be killed: opens a docker sandbox, says "ready" on stdout, and stays until somebody ends it.
 * With `kept` as its argument the sandbox is to outlive it; it then ends by itself.
 */
const lifetime = process.argv[2] === "kept" ? "kept" : "run";
const sandbox = await openSandbox("docker", {
  envoy: "stub",
  rights: "capabilities",
  captureBy: "resident-agent",
  lifetime,
  say: () => {},
});
process.stdout.write(`${sandbox.shellHint()}\n`);
if (lifetime === "kept") await sandbox[Symbol.asyncDispose]();
else setInterval(() => {}, 1_000);
