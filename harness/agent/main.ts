import { type Calls, makeCalls } from "./agent.ts";
import { makeFault } from "./fault.ts";
import { forEachLine } from "./lines.ts";
import type { EventLine, ReplyLine, RequestLine } from "./protocol.ts";
import { checkResult, mount } from "./syscalls.ts";

/**
 * The sandbox agent as a process: `node harness/agent/main.ts [--private-run]`. Speaks the protocol on stdin and stdout, tells what
 * it cannot do on stderr, and exits when its stdin ends, whatever it is doing.
 *
 * `--private-run`: lays an empty /run over the present one, for the lock file of iptables; only in a mount namespace of its own.
 */
async function serve(): Promise<void> {
  if (process.argv.includes("--private-run")) {
    checkResult(mount("landfall", "/run", "tmpfs", 0, null), "mount", "tmpfs on /run");
  }
  const calls = makeCalls(writeLine);
  process.stdout.on("error", () => process.exit());
  await forEachLine(process.stdin, (line) => {
    const request = JSON.parse(line) as RequestLine;
    void answer(calls, request).then(writeLine);
  });
  process.exit();
}

async function answer(calls: Calls, { id, call, params }: RequestLine): Promise<ReplyLine> {
  try {
    const carryOut = calls[call] as (params: unknown) => Promise<unknown>;
    return { id, ok: true, result: await carryOut(params) };
  } catch (error) {
    return { id, ok: false, error: makeFault(error) };
  }
}

function writeLine(line: ReplyLine | EventLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

await serve();
