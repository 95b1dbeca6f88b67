import { expect, test } from "vitest";
import { parseJsonText } from "../../../harness/load/json-text.ts";

const nest = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

test.each([
  ["64 levels", nest(64), JSON.parse(nest(64))],
  ["brackets in texts", JSON.stringify("[{".repeat(100)), "[{".repeat(100)],
  ["quotation marks in texts", JSON.stringify(['\\"[', '"']), ['\\"[', '"']],
])("JSON is read with %s", (_, text, value) => {
  expect(parseJsonText(text, "f")).toEqual({ ok: true, value });
});

test.each([
  ["more than 64 levels", nest(65), "nested more than 64 levels"],
  ["levels without end, not closed", "[".repeat(1e6), "nested more than 64 levels"],
  ["a comma too many", "[1,]", "This is not JSON"],
  ["nothing", "", "This is not JSON"],
])("JSON is refused with %s", (_, text, message) => {
  expect(parseJsonText(text, "f")).toEqual({
    ok: false,
    findings: [expect.objectContaining({ where: "f", message: expect.stringContaining(message) })],
  });
});
