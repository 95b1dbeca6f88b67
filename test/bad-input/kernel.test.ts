import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCommandIn } from "../unit/cli/run-command.ts";
import { CONTROL, SIMULATED } from "./case.ts";

const MAIN = resolve(import.meta.dirname, "../../harness/cli/main.ts");
const folder = mkdtempSync(join(tmpdir(), "landfall-bad-kernel-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the output of a failing script cannot send control characters to the terminal", async () => {
  writeFileSync(
    join(folder, "s.sh"),
    `#!/bin/sh\nprintf '\\033[31m\\007\\302\\233' >&2\nyes | head -c 100000 >&2\nexit 1\n`,
  );
  const words = ["verify", "--rules-script", "s.sh", "--sandbox", "netns"];
  const { code, out, err } = await runCommandIn({ workingDirectory: folder }, ...words);
  expect({ code, control: CONTROL.exec(out + err)?.[0] ?? null }).toEqual({ code: 2, control: null });
  expect(err).toContain("\\u001b[31m");
  expect(err.split("\n").length).toBeLessThan(45);
});

/** Root that may read only what its rights say, as everybody else. */
const WITHOUT_OVERRIDE = ["--bounding-set=-dac_override,-dac_read_search", "--", process.execPath, MAIN];
writeFileSync(join(folder, "locked"), "", { mode: 0 });
writeFileSync(join(folder, "locked.json"), "", { mode: 0 });
writeFileSync(join(folder, "locked.mjs"), "", { mode: 0 });
mkdirSync(join(folder, "shut"), { mode: 0 });

test.each([
  ["rules", ["map", "--rules", "locked"]],
  ["rules in a folder", ["map", "--rules", "shut/r"]],
  ["rules to compare", ["diff", "locked", "locked"]],
  ["accepted changes", ["diff", "locked", "locked", "--accept", "locked"]],
  ["a script", ["verify", "--rules-script", "locked", ...SIMULATED]],
  ["a scenario", ["verify", "locked.mjs", ...SIMULATED]],
  ["a scenario in a folder", ["verify", "shut/s.mjs", ...SIMULATED]],
  ["a folder of scenarios", ["verify", "shut", ...SIMULATED]],
  ["properties", ["prove", "--properties", "locked.json"]],
  ["properties of a module", ["prove", "--properties", "locked.mjs"]],
  ["a report", ["merge", "locked.json"]],
  ["settings", ["generate", "--sidecar-env", "locked"]],
  ["settings in a folder", ["generate", "--cluster-env", "shut/e"]],
])("landfall refuses %s without the right to read", (_, words) => {
  const { status, stdout, stderr } = spawnSync("setpriv", [...WITHOUT_OVERRIDE, ...words], {
    cwd: folder,
    encoding: "utf8",
  });
  expect({ status, stdout }, stderr).toEqual({ status: 2, stdout: "" });
});
