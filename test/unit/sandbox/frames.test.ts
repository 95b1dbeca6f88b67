import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { splitFrames } from "../../../harness/sandbox/docker/frames.ts";

function frame(stream: 1 | 2, said: string): Buffer {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(said), 4);
  return Buffer.concat([header, Buffer.from(said)]);
}

/** Gives what a process says on stdout and stderr, cut into pieces of so many bytes on its way. */
async function split(sent: Buffer, pieceBytes: number): Promise<readonly string[]> {
  const [from, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  splitFrames(from, stdout, stderr);
  const told = Promise.all([text(stdout), text(stderr)]);
  for (let at = 0; at < sent.length; at += pieceBytes) from.write(sent.subarray(at, at + pieceBytes));
  from.end();
  return told;
}

test.each([1, 3, 8, 9, 1_000])("frames that come in pieces of %i bytes are told apart", async (pieceBytes) => {
  const sent = Buffer.concat([
    frame(1, "a line\n"),
    frame(2, "é is two bytes"),
    frame(1, ""),
    frame(1, "and another\n"),
  ]);
  expect(await split(sent, pieceBytes)).toEqual(["a line\nand another\n", "é is two bytes"]);
});

test("a frame that breaks off is not told", async () => {
  expect(await split(frame(1, "whole").subarray(0, -1), 1_000)).toEqual(["", ""]);
});
