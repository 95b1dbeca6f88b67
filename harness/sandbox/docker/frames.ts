import type { Readable, Writable } from "node:stream";

/** Before each piece: which stream it is of, three bytes of nothing, and its length ("Docker Engine API", ContainerAttach). */
const HEADER_BYTES = 8;
const STDERR = 2;

/** Cuts what the engine sends of a process into its stdout and stderr, which end with it. */
export function splitFrames(from: Readable, stdout: Writable, stderr: Writable): void {
  let rest: Buffer = Buffer.alloc(0);
  from.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) return;
      (rest[0] === STDERR ? stderr : stdout).write(rest.subarray(HEADER_BYTES, end));
      rest = rest.subarray(end);
    }
  });
  for (const event of ["end", "close"])
    from.on(event, () => {
      stdout.end();
      stderr.end();
    });
  from.on("error", (error) => stdout.destroy(error));
}
