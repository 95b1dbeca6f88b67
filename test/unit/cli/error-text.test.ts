import { expect, test } from "vitest";
import { renderError } from "../../../harness/cli/output/error-text.ts";
import { LandfallError } from "../../../harness/errors.ts";
import { finding } from "../../../harness/model/finding.ts";

const render = (message: string, ...findings: readonly ReturnType<typeof finding>[]) =>
  renderError(new LandfallError("bad-input", message, { findings }));

test("an error is one line, and one line with its place for each finding", () => {
  expect(render("No.", finding("a", "One.", 3, 7), finding("b", "Two."))).toBe(
    "landfall: No.\n  a:3:7: One.\n  b: Two.\n",
  );
});

test("at most one screen of findings is shown, however long they are", () => {
  const many = Array.from({ length: 100 }, (_, i) => finding(`a${i}`, "line\n".repeat(1_000)));
  const lines = render("said\n".repeat(1_000), ...many).split("\n");
  expect(lines.length).toBeLessThan(130);
  expect(lines.at(-2)).toContain("80 more findings are not shown.");
});

test("no line of an input can look like a line of landfall's own", () => {
  const text = render("it said: x\nlandfall: all is well", finding("a\nb", "y\nlandfall: 1 flow: 1 as expected"));
  expect(text.split("\n").filter((line) => line.startsWith("landfall: "))).toHaveLength(1);
  expect(text).toContain("  a\\nb: y\n");
});

test("a long line is shortened in the middle", () => {
  const text = render("x ".repeat(1e6), finding("w".repeat(1e6), "y ".repeat(1e6)));
  expect(text.split("\n").every(({ length }) => length < 3_000)).toBe(true);
  expect(text).toContain("1998999 characters left out");
});
