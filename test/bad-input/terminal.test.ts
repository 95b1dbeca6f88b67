import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../harness/cli/commands.ts";
import { mapTexts } from "../map-texts.ts";
import { runCommandIn } from "../unit/cli/run-command.ts";
import { sampleReport } from "../unit/report/sample-report.ts";
import { CONTROL, HOSTILE } from "./case.ts";

const MAIN = resolve(import.meta.dirname, "../../harness/cli/main.ts");
const folder = mkdtempSync(join(tmpdir(), "landfall-terminal-"));
afterAll(() => rmSync(folder, { recursive: true }));

const rules = (landing: string) =>
  `*nat\n:OUTPUT ACCEPT [0:0]\n:PREROUTING ACCEPT [0:0]\n-A OUTPUT -p tcp -m comment --comment "${HOSTILE}" -j REDIRECT --to-ports ${landing}\nCOMMIT\n`;
const scenario = {
  name: "s",
  claim: `red ${HOSTILE}\n  ✓ a row that is none`,
  capture: [],
  rules: { ip: rules("15001") },
  answer: { "app -> upstream:80": "upstream:80" },
};
/** Texts of a report that the schema leaves free. */
const isFree = (text: string) => /^[a-z]+: |^-A |^Inbound|^Without|^IPv4|^the /.test(text);

beforeAll(() => {
  const report = mapTexts(sampleReport(), (text) => (isFree(text) ? `${text}${HOSTILE}` : text));
  const files: Readonly<Record<string, string>> = {
    "a.rules": rules("15001"),
    "b.rules": rules("15006"),
    "s.mjs": `console.log(${JSON.stringify(HOSTILE)}); export default ${JSON.stringify(scenario)};`,
    "report.json": JSON.stringify(report),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});

/** Colours, their ends, and what clears a line. */
const OWN_CODES = [..."0 1 2 22 31 32 33 35 39".split(" ").map((style) => `\u001b[${style}m`), "\r\u001b[K"];

const SIMULATED = ["--sandbox", "simulated"];
/** Each shows something of its input; commands that only refuse hostile words are among the bad inputs. */
const SHOWN: readonly (readonly [command: string, codes: readonly number[], shows: string, args: readonly string[]])[] =
  [
    ["verify", [1, 3], "\\u001b[31m", ["s.mjs", ...SIMULATED]],
    ["verify", [1, 3], "\\u001b[31m", ["s.mjs", ...SIMULATED, "--json"]],
    ["verify", [0], "\\u001b[31m", ["s.mjs", "--list"]],
    ["explain", [0], "\\u001b[31m", ["app -> upstream:80", "--rules", "a.rules"]],
    ["explain", [0], "\\u001b[31m", ["app -> upstream:80", "--rules", "a.rules", "--json"]],
    ["map", [0], "OUTPUT 1 (a.rules:4)", ["--rules", "a.rules"]],
    ["diff", [1], "\\u001b[31m", ["--family", "4", "a.rules", "b.rules"]],
    ["diff", [1], "\\u001b[31m", ["--family", "4", "a.rules", "b.rules", "--json"]],
    ["prove", [1], "envoy", ["-u", "1337", "--rules", "a.rules"]],
    ["mutate", [1, 2], "", ["--rules", "a.rules", ...SIMULATED]],
    ["mutate", [1, 2], "landfall: s: ", ["s.mjs", ...SIMULATED]],
    ["merge", [1], "\\u001b[31m", ["report.json"]],
    ["merge", [1], "\\u001b[31m", ["report.json", "--json"]],
    ["generate", [2], "\\u001b[31m", ["-p", HOSTILE]],
    ["generate", [2], "\\u001b[31m", ["--mesh", HOSTILE]],
    ["generate", [2], "\\u001b[31m", ["--mesh", "linkerd", "--proxy-uid", HOSTILE]],
    ["meshes", [2], "\\u001b[31m", [HOSTILE]],
    ["translate", [2], "\\u001b[31m", [HOSTILE]],
    ["init", [0], "\\u001b[31m", [`f${HOSTILE}`]],
    ["completion", [2], "\\u001b[31m", [HOSTILE]],
    ["inspect", [2], "\\u001b[31m", [HOSTILE]],
    ["doctor", [2], "\\u001b[31m", [HOSTILE]],
    ["sweep", [2], "\\u001b[31m", [HOSTILE]],
    ["apply", [2], "\\u001b[31m", ["--dry-run", "-p", HOSTILE]],
    ["clean", [2], "\\u001b[31m", [HOSTILE]],
  ];

describe("no control character of an input reaches the terminal", () => {
  test("from any command", () => {
    expect([...new Set(SHOWN.map(([command]) => command))].sort()).toEqual(Object.keys(COMMANDS).sort());
  });

  test.each(SHOWN)("from %s, with code %j and %j shown: %j", async (command, codes, shows, args) => {
    const { code, out, err } = await runCommandIn({ workingDirectory: folder }, command, ...args);
    expect(CONTROL.exec(out + err)?.[0] ?? null).toBeNull();
    expect(out + err).toContain(shows);
    expect(codes).toContain(code);
  });

  test("as a line that looks like landfall's own", async () => {
    const { out } = await runCommandIn({ workingDirectory: folder }, "verify", "s.mjs", ...SIMULATED);
    expect(out).not.toMatch(/^ {2}✓ a row that is none/m);
  });

  test("and landfall's own colours stay", () => {
    const line = `"${process.execPath}" "${MAIN}" verify s.mjs --sandbox simulated`;
    const { stdout } = spawnSync("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, TERM: "xterm", NO_COLOR: "" },
    });
    const own = OWN_CODES.reduce((text, code) => text.replaceAll(code, ""), stdout).replaceAll("\r\n", "\n");
    expect(own.length).toBeLessThan(stdout.length);
    expect(CONTROL.exec(own)?.[0] ?? null).toBeNull();
    expect(own).toContain("\\u001b[31m");
  });
});
