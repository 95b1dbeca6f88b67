/**
 * Calls `onLine` for each line of a stream, without its line break; resolves when the stream has ended, however it did.
 * (`node:readline` also breaks lines at U+2028, which JSON allows inside strings.)
 */
export function forEachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  return new Promise((resolve) => {
    for (const event of ["end", "error", "close"]) stream.once(event, () => resolve());
  });
}
