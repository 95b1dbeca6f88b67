import { describe, expect, test } from "vitest";
import { parseEnvironmentFile } from "../../../harness/capture/environment.ts";

function check(text: string, expected: Readonly<Record<string, string>>): void {
  const parsed = parseEnvironmentFile({ path: "x.env", text });
  expect(parsed.ok && Object.fromEntries([...parsed.value].map(([key, { value }]) => [key, value]))).toEqual(expected);
}

describe("a file of settings", () => {
  const read: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ["plain assignments", "A=1\nB=two\n", { A: "1", B: "two" }],
    ["no line break at the end", "A=1", { A: "1" }],
    ["empty values", "A=\nB=''\nC=\"\"", { A: "", B: "", C: "" }],
    ["comments and empty lines", "# no\n\n   # no\nA=1 # no\nB=1#2", { A: "1", B: "1#2" }],
    ["export", "export A=1\nexport  B=2 C=3", { A: "1", B: "2", C: "3" }],
    ["an indented line", "  A=1", { A: "1" }],
    ["several on a line", "A=1 B=2", { A: "1", B: "2" }],
    ["the last value wins", "A=1\nA=2", { A: "2" }],
    ["a bare wildcard", "A=*", { A: "*" }],
    ["single quotes keep everything", "A='$x \\ \"#'", { A: '$x \\ "#' }],
    ["double quotes, with what a backslash saves", 'A="a b \\$ \\" \\\\ \\n"', { A: 'a b $ " \\ \\n' }],
    ["backslashes outside quotes", "A=a\\ b\\*", { A: "a b*" }],
    ["pieces side by side", "A=1'2'\"3\"4", { A: "1234" }],
    ["line ends of another system", "A=1\r\nB=2\r\n", { A: "1", B: "2" }],
  ];
  test.each(read)("reads %s", (_claim, text, expected) => check(text, expected));

  const refused: readonly (readonly [string, string, number, number])[] = [
    ["a command", "A=1\nrm -rf x", 2, 1],
    ["a command behind an assignment", "A=1 id", 1, 5],
    ["a variable", "A=$B", 1, 3],
    ["a variable in double quotes", 'A="x $B"', 1, 3],
    ["a command's output", "A=`id`", 1, 3],
    ["a semicolon", "A=1; B=2", 1, 4],
    ["a background command", "A=1&", 1, 4],
    ["an open single quote", "\nA='x", 2, 3],
    ["an open double quote", 'A="x\ny"', 1, 3],
    ["a blank before the sign", "A =1", 1, 1],
    ["a blank behind the sign", "A= 1", 1, 4],
    ["a name that is none", "1A=2", 1, 1],
    ["a line that goes on", "A=1\\", 1, 4],
  ];
  test.each(refused)("refuses %s, with line and column", (_claim, text, line, column) => {
    const parsed = parseEnvironmentFile({ path: "x.env", text });
    expect(parsed.ok ? parsed : parsed.findings[0]).toMatchObject({ where: "x.env", line, column });
  });

  test("tells the line that set a value last, and every fault of the file", () => {
    const parsed = parseEnvironmentFile({ path: "x.env", text: "A=1\n\nA=2" });
    expect(parsed.ok && parsed.value.get("A")).toEqual({ value: "2", line: 3 });
    const faulty = parseEnvironmentFile({ path: "x.env", text: "A=$B\nok=1\nif true" });
    expect(faulty.ok ? [] : faulty.findings.map((found) => found.line)).toEqual([1, 3]);
  });
});
