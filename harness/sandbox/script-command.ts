import { readFileSync } from "node:fs";

/**
 * Gives the words that run a script: its own `#!` line's interpreter, else `sh`, and its path. The file need not be executable.
 *
 * @example
 * readScriptCommand("/tmp/rules.sh")   // ["/bin/bash", "-e", "/tmp/rules.sh"]
 */
export function readScriptCommand(path: string): readonly string[] {
  const [firstLine = ""] = readFileSync(path, "utf8").split("\n", 1);
  const interpreter = /^#!\s*(\S.*)$/.exec(firstLine)?.[1]?.trim().split(/\s+/) ?? ["sh"];
  return [...interpreter, path];
}
