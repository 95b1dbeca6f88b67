import { DEFAULT_SANDBOX_OPTIONS, openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import { bindCase, CASES } from "./cases.ts";

/**
 * A run of its own: opens a sandbox to be reused for the text that is its first argument, puts the seed's rules in and says on stdout how
 * to get a shell in the pod. With `rest` as its second argument it then ends in good order, with the rules still in. With `stay` it takes
 * them out and stays until somebody ends it: all that tells of its death is that it has not ended.
 */
const [, , reuse = "", end] = process.argv;
const sandbox = await openSandbox("docker", { ...DEFAULT_SANDBOX_OPTIONS, reuse });
const redirect = CASES.find(({ name }) => name === "redirect");
if (redirect === undefined) throw new RangeError("there is no such case");
const { spec, installation } = bindCase(redirect, sandbox.addresses);
await sandbox.enter(spec);
await sandbox.install(installation);
if (end === "stay") await sandbox.clear();
process.stdout.write(`${sandbox.shellHint()}\n`);
if (end === "rest") {
  sandbox.allowReuse();
  await sandbox[Symbol.asyncDispose]();
} else setInterval(() => {}, 1_000);
