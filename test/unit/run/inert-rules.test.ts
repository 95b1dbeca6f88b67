import { expect, test } from "vitest";
import { parseIptablesSave, renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { translateRuleset } from "../../../harness/formats/nft/translate.ts";
import type { CaptureConfig } from "../../../harness/meshes/istio-1.4/config.ts";
import { generateRules } from "../../../harness/meshes/istio-1.4/rules.ts";
import type { Ruleset } from "../../../harness/model/ruleset.ts";
import { describeInertRules } from "../../../harness/run/rules/inert-rules.ts";
import { captureOf } from "../../istio-pod.ts";
import { configOf } from "../meshes/istio-1.4/intent-setup.ts";

const SEED = configOf();
const TPROXY = configOf({ interceptionMode: "TPROXY" });

function readRules(text: string): Ruleset {
  const parsed = parseIptablesSave(text, { where: "test", family: 4 });
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
  return parsed.value;
}

/** The config's own IPv4 rules, as text, less the lines that match. */
function ownRules(config: CaptureConfig, less = /^$/): string {
  const { ip } = generateRules(config);
  if (!ip) throw new Error("the config has no IPv4 rules");
  return renderIptablesSave(ip)
    .split("\n")
    .filter((line) => !less.test(line))
    .join("\n");
}

interface Row {
  readonly config?: CaptureConfig;
  readonly file: string | "script";
  readonly kernel: string;
}

/** IPv6 has the config's own rules throughout. */
function check({ config = SEED, file, kernel }: Row, expected: readonly string[]): void {
  const own = generateRules(config);
  const rules = { ...own, ip: file === "script" ? null : readRules(file) };
  const installation =
    file === "script" ? ({ kind: "script", path: "x" } as const) : ({ kind: "rules", rules } as const);
  const pod = { installation, capture: captureOf(config), kernel: { ip: readRules(kernel), ip6: own.ip6 } };
  expect(describeInertRules(pod)).toEqual(expected);
}

const checkFile = (file: string, expected: readonly string[], config = SEED) =>
  check({ config, file, kernel: file }, expected);

test("rules that all have effect give no notice", () => {
  checkFile(ownRules(SEED), []);
  checkFile(ownRules(TPROXY), [], TPROXY);
  check({ file: "script", kernel: ownRules(SEED) }, []);
});

test("a family without a file is not under test", () => {
  const own = generateRules(SEED);
  const installation = { kind: "rules", rules: { ...own, ip6: null } } as const;
  expect(describeInertRules({ installation, capture: captureOf(SEED), kernel: own })).toEqual([
    "IPv6 is not under test: no file contains rules for it, so no flow of that family is driven.",
  ]);
});

test("a chain that a rule of nft jumps to behind a counter is not idle", () => {
  const own = generateRules(SEED);
  if (!own.ip) throw new Error("the config has no IPv4 rules");
  const ip = { family: 4, tables: translateRuleset(own.ip).tables } as const;
  const pod = { installation: { kind: "rules", rules: { ...own, ip } } as const, capture: captureOf(SEED) };
  expect(describeInertRules({ ...pod, kernel: { ip, ip6: own.ip6 } })).toEqual([]);
});

test("a notice says if a file or a script contains no rules", () => {
  checkFile("", ["IPv4: the file of --rules has no rules."]);
  check({ file: "script", kernel: "" }, ["IPv4: the script has added no rules."]);
});

test("rules that the kernel lacks are counted by chain", () => {
  check({ file: ownRules(SEED), kernel: ownRules(SEED, /--uid-owner/) }, [
    "IPv4: the kernel has 5 of the 6 rules of nat ISTIO_OUTPUT.",
  ]);
});

test("an empty table that the config's own rules would fill is named", () => {
  checkFile(
    ownRules(TPROXY).replace(/\*mangle[\s\S]*?COMMIT/, ""),
    ["IPv4: the table mangle is empty, but with these settings the generator writes 8 rules there."],
    TPROXY,
  );
});

test("a chain that no rule leads to is named, unless the generator makes it so", () => {
  checkFile(ownRules(SEED, /-A PREROUTING/), [
    "IPv4: no rule jumps to the chain nat ISTIO_INBOUND, so its 3 rules never apply.",
  ]);
  const alone = configOf({ outboundIpRangesInclude: [] });
  checkFile(ownRules(alone), [], alone);
});

test("a nat table that no packet meets is mentioned, unless some match is not understood", () => {
  const idle = "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j RETURN\nCOMMIT\n";
  checkFile(idle, ["IPv4: no rule tracks or rewrites connections, so no packet ever reaches the nat table."]);
  checkFile(idle.replace("-p tcp", "-m wonder --at it"), []);
});

test("TPROXY in a file is mentioned if the options do not ask for it", () => {
  checkFile(ownRules(TPROXY), [
    "IPv4: rules use TPROXY without policy routing, which neither the settings nor --routing gives. Only traffic to the pod's own address is delivered.",
  ]);
});
