import { expect, test } from "vitest";
import { escapeData, escapeInvisible } from "../../../harness/model/visible-text.ts";

test.each([
  ["an escape sequence", "a\u001b[31mb", "a\\u001b[31mb"],
  ["bell, carriage return and delete", "\u0007\r\u007f", "\\u0007\\u000d\\u007f"],
  ["a C1 control sequence introducer", "\u009b31m", "\\u009b31m"],
  ["an override of the writing direction", "\u202egnp.exe", "\\u202egnp.exe"],
  ["isolates, zero-width characters and a byte order mark", "\u2066\u200b\ufeff", "\\u2066\\u200b\\ufeff"],
  ["a line separator", "\u2028", "\\u2028"],
  ["a tag character, which takes two code units", "\u{e0041}", "\\udb40\\udc41"],
])("%s is written visibly", (_, text, expected) => {
  expect(escapeInvisible(text)).toBe(expected);
});

test("visible characters stay: letters of all scripts, tabs, line breaks, symbols of reports", () => {
  const text = "naïve 中文 ✓ → …\n\tend";
  expect(escapeInvisible(text)).toBe(text);
});

test("JSON text stays valid, with the same data", () => {
  const data = { a: "\u202e\u009b\u001b[2J" };
  expect(JSON.parse(escapeInvisible(JSON.stringify(data)))).toEqual(data);
});

test("in data every text and every key is escaped, line breaks too", () => {
  expect(escapeData({ "k\u001b": ["a\nb", 1, null, { deep: "\u0000" }] })).toEqual({
    "k\\u001b": ["a\\nb", 1, null, { deep: "\\u0000" }],
  });
});
