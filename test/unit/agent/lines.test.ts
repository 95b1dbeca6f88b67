import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { forEachLine } from "../../../harness/agent/lines.ts";

async function check(chunks: readonly string[], expected: readonly string[]): Promise<void> {
  const lines: string[] = [];
  await forEachLine(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), (line) => lines.push(line));
  expect(lines).toEqual(expected);
}

test.each([
  ["are split wherever the chunks end", ["on", "e\ntw", "o\n"], ["one", "two"]],
  ["may come many in a chunk", ["a\nb\n\nc\n"], ["a", "b", "", "c"]],
  ["hold U+2028, which JSON allows in strings", ["a\u2028b\n"], ["a\u2028b"]],
  ["that the stream cuts off are not given", ["a\nhalf"], ["a"]],
] as const)("lines %s", (_, chunks, expected) => check(chunks, expected));
