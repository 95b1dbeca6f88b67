import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-links-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("verify looks behind an interface that only rules name, where the pod has other such interfaces", async () => {
  const words = ["-u", "1337", "-i", "10.96.0.0/16", "-b", "8080", "-k", "net2,net1"];
  const { out: rules } = await runCommand("generate", ...words, "--format", "save", "--family", "6");
  const file = join(folder, "six.rules");
  writeFileSync(file, rules.replace("-A INPUT", "-A INPUT -i vm0 -p tcp -j DROP\n-A INPUT"));
  const { code, out } = await runCommand(
    ...["verify", ...words, "--rules6", file, "--family", "6", "--sandbox", "simulated", "--quiet"],
  );
  expect(code).toBe(1);
  expect(out).toMatch(/ {6}rule {6}ip6 filter INPUT 1 \(.*\): -A INPUT -i vm0 -p tcp/);
});
