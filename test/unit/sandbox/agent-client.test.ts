import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { AgentClient } from "../../../harness/sandbox/agents/agent-client.ts";

/** The streams of an agent that ends when its stdin does, and says what `reply` says of each line it is sent. */
function makeStreams(reply: (line: string) => string | null) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.setEncoding("utf8").on("data", (line: string) => {
    const words = reply(line);
    // As of a pipe: what came in meanwhile is read after the timers that are due before.
    if (words !== null) setTimeout(() => stdout.write(words), 30);
  });
  stdin.on("end", () => [stdout, stderr].map((stream) => stream.end()));
  return { stdin, stdout, stderr };
}

test("a reply that came while this process was busy is no late one", async () => {
  const streams = makeStreams((line) => `${JSON.stringify({ id: JSON.parse(line).id, ok: true, result: null })}\n`);
  await using client = new AgentClient("the pod", streams);
  const reply = client.call("sync", {}, 20);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
  expect(await reply).toBe(null);
});

test("an agent that does not reply is given up", async () => {
  await using client = new AgentClient(
    "the pod",
    makeStreams(() => null),
  );
  await expect(client.call("sync", {}, 20)).rejects.toMatchObject({
    code: "agent-failed",
    message: expect.stringContaining("the sandbox agent of the pod did not reply to sync within 20 ms"),
  });
});
