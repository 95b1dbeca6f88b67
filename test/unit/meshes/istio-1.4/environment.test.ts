import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parseEnvironmentFile } from "../../../../harness/meshes/istio-1.4/environment.ts";

const VARIABLES: ReadonlySet<string> = new Set(["A", "B", "C"]);

/** What bash has in the variables after it has sourced a file of this text; those that are not set are left out. */
function source(text: string): Readonly<Record<string, string>> {
  const script = `eval "$1"; for v in A B C; do [ -z "\${!v+x}" ] || printf "%s=%s\\0" $v "\${!v}"; done`;
  const printed = execFileSync("/bin/bash", ["--norc", "-c", script, "bash", text], {
    encoding: "utf8",
    env: { PATH: "" },
  });
  return Object.fromEntries(
    printed
      .split("\0")
      .filter(Boolean)
      .map((pair) => [pair[0] ?? "", pair.slice(2)]),
  );
}

function check(text: string, expected: Readonly<Record<string, string>>): void {
  const parsed = parseEnvironmentFile({ path: "x.env", text }, VARIABLES);
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
    ["a semicolon between assignments", "A=1; B=2;\nC=3", { A: "1", B: "2", C: "3" }],
    ["a name that is exported", "export A\nA=1\nexport A B; readonly C=2", { A: "1", C: "2" }],
    ["set -a", "set -a\nA=1\nset +a; set -o allexport", { A: "1" }],
    [
      "another variable's value, whatever it needs",
      "X=$HOME/bin A=1\nX=`:` X=\u0024{Y:-$(:) z} B=2",
      { A: "1", B: "2" },
    ],
    [
      "brackets and quotes in another variable's value",
      'X="$(: "a )" \')\')"; C=3\nX=$(: \\) ) A=1',
      { A: "1", C: "3" },
    ],
    ["another variable's value over several lines", "X='a\nA=9'\nX=\"b\nA=8\"\nX=c\\\nA=7\nB=1", { B: "1" }],
    ["another variable's default and arithmetic", "X=\u0024{Y:=1} X=$((Y + 1))\nA=1", { A: "1" }],
    ["another variable that is exported in quotes or removed", 'export "X=$HOME"\nunset X Y\nA=1', { A: "1" }],
    ["line ends of another system", "A=1\r\nB=2\r\n", { A: "1", B: "2" }],
  ];
  test.each(read)("reads %s", (_claim, text, expected) => check(text, expected));

  // bash keeps the carriage return, which nobody means.
  test.each(read.filter(([, text]) => !text.includes("\r")))("bash reads %s the same way", (_claim, text, expected) => {
    expect(source(text)).toEqual(expected);
  });

  const refused: readonly (readonly [string, string, number, number])[] = [
    ["a command", "A=1\nrm -rf x", 2, 1],
    ["a command behind an assignment", "A=1 id", 1, 5],
    ["a variable", "A=$B", 1, 3],
    ["a variable in double quotes", 'A="x $B"', 1, 3],
    ["a command's output", "A=`id`", 1, 3],
    ["a doubled semicolon", "A=1;;", 1, 4],
    ["a condition", "A=1 && B=2", 1, 5],
    ["a background command", "A=1&", 1, 4],
    ["an open single quote", "\nA='x", 2, 3],
    ["an open double quote", 'A="x\ny"', 1, 3],
    ["a blank before the sign", "A =1", 1, 1],
    ["a blank behind the sign", "A= 1", 1, 4],
    ["an invalid name", "1A=2", 1, 1],
    ["a default that another variable's value sets", "A=1\nX=\u0024{B:=2}", 2, 1],
    ["arithmetic that names a variable", "X=$((A=2))", 1, 1],
    ["a variable's removal", "A=1\nunset X A", 2, 1],
    ["another file", "X=1\n. other.env", 2, 1],
    ["a command behind another variable", "X=$HOME id", 1, 9],
    ["an open quote of another variable", "X='a\nA=1", 1, 3],
    ["an open bracket of another variable", "X=\u0024{A\nA=1", 1, 3],
    ["an operator behind another variable", "A=1\nX=$HOME|id", 2, 8],
    ["quotes around an assignment", "export 'A=1'", 1, 8],
    ["a line that goes on", "A=1\\", 1, 4],
  ];
  test.each(refused)("refuses %s, with line and column", (_claim, text, line, column) => {
    const parsed = parseEnvironmentFile({ path: "x.env", text }, VARIABLES);
    expect(parsed.ok ? parsed : parsed.findings[0]).toMatchObject({ where: "x.env", line, column });
  });

  test("gives the line that set a value last, and every fault of the file", () => {
    const parsed = parseEnvironmentFile({ path: "x.env", text: "A=1\n\nA=2" }, VARIABLES);
    expect(parsed.ok && parsed.value.get("A")).toEqual({ value: "2", line: 3 });
    const faulty = parseEnvironmentFile({ path: "x.env", text: "A=$B\nok=1\nif true" }, VARIABLES);
    expect(faulty.ok ? [] : faulty.findings.map((found) => found.line)).toEqual([1, 3]);
  });
});
