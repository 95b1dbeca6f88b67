import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseIptablesSave, renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import type { CaptureConfig } from "../../harness/meshes/istio-1.4/config.ts";
import { generateRules } from "../../harness/meshes/istio-1.4/rules.ts";
import { FAMILIES, type Family } from "../../harness/model/address.ts";
import { type FlowReport, judgePrediction, type ScenarioReport } from "../../harness/model/report.ts";
import type { PodRules, Ruleset } from "../../harness/model/ruleset.ts";
import { runScenario } from "../../harness/run/scenario-run.ts";
import { openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Installation, Sandbox } from "../../harness/sandbox/sandbox.ts";
import { captureOf } from "../istio-pod.ts";
import { takeShare } from "../thoroughness.ts";
import { configOf } from "../unit/meshes/istio-1.4/intent-setup.ts";

const seed = configOf();
const folder = mkdtempSync(join(tmpdir(), "landfall-defects-"));
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openSandbox("netns");
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Drives everything that the config demands under these user-supplied rules. */
async function verify(installation: Installation, config: CaptureConfig): Promise<ScenarioReport> {
  const scenario = {
    name: "defect",
    claim: "It is found.",
    requiredBy: { kind: "settings", text: "" },
    capture: captureOf(config),
    installation,
    listen: [],
    rulesOf: "capture",
    flows: "boundaries",
  } as const;
  const { report } = await runScenario(scenario, sandbox, { rulesFrom: "outside" });
  expect(report.flows.filter(({ verdict }) => verdict === "could-not-look")).toEqual([]);
  expect(report.flows.filter((flow) => judgePrediction(flow) === "disagrees")).toEqual([]);
  return report;
}

/** The flows that landed wrong. */
async function findWrong(installation: Installation, config: CaptureConfig): Promise<readonly FlowReport[]> {
  return wrongOf(await verify(installation, config));
}

function wrongOf({ flows }: ScenarioReport): readonly FlowReport[] {
  return flows.filter(({ verdict }) => verdict === "wrong");
}

function textOf(config: CaptureConfig, family: Family = 4): string {
  const { ip, ip6 } = generateRules(config);
  const ruleset = family === 4 ? ip : ip6;
  return ruleset ? renderIptablesSave(ruleset) : "";
}

function parse(text: string, family: Family = 4): Ruleset {
  const parsed = parseIptablesSave(text, { where: "test", family });
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join(" "));
  return parsed.value;
}

function install(rules: Partial<PodRules>, config: CaptureConfig): Installation {
  return {
    kind: "rules",
    rules: { ip: null, ip6: null, ...rules, policyRouting: generateRules(config).policyRouting },
  };
}

const OUTPUT = "-A ISTIO_OUTPUT";
const REDIRECT_ALL = `${OUTPUT} -j ISTIO_REDIRECT`;
const PASS_THROUGH = `${OUTPUT} -s 127.0.0.6/32 -o lo -j RETURN`;
const SELF_CALL = `${OUTPUT} ! -d 127.0.0.1/32 -o lo -j ISTIO_IN_REDIRECT`;
const STATUS = "-A ISTIO_INBOUND -p tcp -m tcp --dport 15020 -j RETURN";
const [UID_RULE, GID_RULE] = [
  `${OUTPUT} -m owner --uid-owner 1337 -j RETURN`,
  `${OUTPUT} -m owner --gid-owner 1337 -j RETURN`,
];
const [TO_15001, TO_15006] = [
  "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
  "-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006",
];
const JUMP = "-A PREROUTING -p tcp -j ISTIO_INBOUND";

type Change = (text: string) => string;
const put =
  (rule: string, instead: string): Change =>
  (text) => {
    expect(text).toContain(`${rule}\n`);
    return text.replace(`${rule}\n`, `${instead}\n`);
  };

/** What was done, a flow that shows it, the last rule that took that flow (null: none), and the rule that should have. */
type Defect = readonly [name: string, change: Change, flow: string, decided: string | null, wanted: string];

const DEFECTS: readonly Defect[] = [
  [
    "15001 and 15006 exchanged",
    (text) => text.replace("15001", "X").replace("15006", "15001").replace("X", "15006"),
    "app -> upstream:80",
    TO_15001.replace("15001", "15006"),
    TO_15001,
  ],
  [
    "a redirect to a port where nobody listens",
    put(TO_15006, TO_15006.replace("15006", "15007")),
    "client -> pod:8080",
    TO_15006.replace("15006", "15007"),
    TO_15006,
  ],
  ["the uid rule without the gid rule", put(GID_RULE, ""), "uid=1000,gid=1337 -> upstream:80", TO_15001, GID_RULE],
  ["the gid rule without the uid rule", put(UID_RULE, ""), "uid=1337,gid=1000 -> upstream:80", TO_15001, UID_RULE],
  ["the pass-through removed", put(PASS_THROUGH, ""), "envoy@127.0.0.6 -> pod:8080", TO_15006, PASS_THROUGH],
  [
    "the pass-through widened to all of loopback",
    put(PASS_THROUGH, PASS_THROUGH.replace("127.0.0.6/32", "127.0.0.0/8")),
    "envoy@127.0.0.7 -> pod:8080",
    PASS_THROUGH.replace("127.0.0.6/32", "127.0.0.0/8"),
    SELF_CALL,
  ],
  [
    "the final redirect narrowed to a range",
    put(REDIRECT_ALL, `${OUTPUT} -d 10.0.0.0/8 -j ISTIO_REDIRECT`),
    "app -> 1.0.0.0:80",
    "-A OUTPUT -p tcp -j ISTIO_OUTPUT",
    REDIRECT_ALL,
  ],
  [
    "the final redirect narrowed to a port range",
    put(REDIRECT_ALL, `${OUTPUT} -p tcp -m tcp --dport 0:32767 -j ISTIO_REDIRECT`),
    "app -> upstream:65535",
    "-A OUTPUT -p tcp -j ISTIO_OUTPUT",
    REDIRECT_ALL,
  ],
  [
    "the final redirect moved to the top",
    (text) => put(PASS_THROUGH, `${REDIRECT_ALL}\n${PASS_THROUGH}`)(text.replace(`${REDIRECT_ALL}\n`, "")),
    "envoy -> localhost:8080",
    TO_15001,
    UID_RULE,
  ],
  [
    "an excluded port one too high",
    put(STATUS, STATUS.replace("15020", "15021")),
    "client -> pod:15020",
    TO_15006,
    STATUS,
  ],
  [
    "an excluded port one too low",
    put(STATUS, STATUS.replace("15020", "15019")),
    "client -> pod:15020",
    TO_15006,
    STATUS,
  ],
  [
    "the inbound jump limited to half the ports",
    put(JUMP, "-A PREROUTING -p tcp -m tcp --dport 0:32767 -j ISTIO_INBOUND"),
    "client -> pod:65535",
    null,
    JUMP,
  ],
  [
    "a rule in the wrong table",
    (text) =>
      `*mangle\n:PREROUTING ACCEPT [0:0]\n${STATUS.replace("ISTIO_INBOUND", "PREROUTING")}\nCOMMIT\n${put(STATUS, "")(text)}`,
    "client -> pod:15020",
    TO_15006,
    STATUS,
  ],
  [
    "the owners' rules in the wrong table",
    (text) => {
      const there = [UID_RULE, GID_RULE].map((rule) => rule.replace("ISTIO_OUTPUT", "OUTPUT")).join("\n");
      const left = put(GID_RULE, "")(put(UID_RULE, "")(text));
      return `*filter\n:OUTPUT ACCEPT [0:0]\n${there}\nCOMMIT\n${left}`;
    },
    "envoy -> upstream:80",
    // The last that counted it: of its way through nat, and then through filter.
    UID_RULE.replace("ISTIO_OUTPUT", "OUTPUT"),
    UID_RULE,
  ],
];

const DELETED = FAMILIES.flatMap((family) =>
  textOf(seed, family)
    .split("\n")
    .filter((line) => line.startsWith("-A"))
    .map((rule) => ({ family, rule })),
);

describe("each defect of the seed's rules is found, with the rule that decided and the one that should have:", () => {
  test.each(takeShare(DEFECTS, 6))("%s", async (_name, change, flow, decided, wanted) => {
    const wrong = await findWrong(install({ ip: parse(change(textOf(seed))) }, seed), seed);
    const found = wrong.find((each) => each.flow === flow && each.manner === "answer");
    expect([found?.rules.at(-1)?.rule ?? null, found?.wanted?.rule?.rule]).toEqual([decided, wanted]);
  });

  test.each(takeShare(DELETED, 6))("without IPv$family $rule", async ({ family, rule }) => {
    const rules = parse(put(rule, "")(textOf(seed, family)), family);
    const wrong = await findWrong(install(family === 4 ? { ip: rules } : { ip6: rules }, seed), seed);
    expect(wrong.length).toBeGreaterThan(0);
    expect(wrong.map(({ wanted }) => wanted?.rule?.rule)).toContain(rule);
  });

  test("an IPv6 pod without IPv6 rules", async () => {
    const config = configOf({ podIps: ["fd00:244::2"] });
    const wrong = await findWrong(install({ ip6: parse("", 6) }, config), config);
    const found = wrong.find(({ flow }) => flow === "client6 -> pod6:8080");
    expect([found?.observed.listener, found?.wanted?.rule?.rule]).toEqual(["app", JUMP]);
  });

  test("a rule in the wrong table is reported as the nearest match, with its table", async () => {
    const there = STATUS.replace("ISTIO_INBOUND", "PREROUTING");
    const text = `*mangle\n:PREROUTING ACCEPT [0:0]\n${there}\nCOMMIT\n${put(STATUS, "")(textOf(seed))}`;
    const wrong = await findWrong(install({ ip: parse(text) }, seed), seed);
    const found = wrong.find(({ flow }) => flow === "client -> pod:15020");
    expect([found?.wanted?.nearest?.rule.rule, found?.wanted?.nearest?.why]).toEqual([
      there,
      "it is in table mangle, not nat",
    ]);
  });

  test("a loop, with its hops", async () => {
    const wrong = await findWrong(install({ ip: parse(put(PASS_THROUGH, "")(textOf(seed))) }, seed), seed);
    const found = wrong.find(({ flow, manner }) => flow === "client -> pod:8080" && manner === "forward");
    expect([found?.observed.kind, found?.observed.hops.length, found?.wanted?.rule?.rule]).toEqual([
      "loop",
      8,
      PASS_THROUGH,
    ]);
  });
});

describe("TPROXY put in by a script", () => {
  const config = configOf({ interceptionMode: "TPROXY" });
  const RULE = "ip rule add fwmark 0x539 lookup 133";
  const ROUTE = "ip route add local default dev lo table 133";

  function verifyScript(name: string, ip: string, ...commands: readonly string[]): Promise<ScenarioReport> {
    const path = join(folder, `${name}.sh`);
    const restore = (tool: string, text: string) => [`${tool} <<'RULES'`, text, "RULES"];
    const rules = [...restore("iptables-restore", ip), ...restore("ip6tables-restore", textOf(config, 6))];
    writeFileSync(path, ["set -e", ...rules, ...commands, ""].join("\n"));
    return verify({ kind: "script", path }, config);
  }

  test.each([
    ["its rule and its route", [], [RULE, ROUTE]],
    ["its rule", [ROUTE], [RULE]],
    ["its route", [RULE], [ROUTE]],
    ["a route in the table that its rule looks up", [RULE, ROUTE.replace("133", "134")], [ROUTE]],
  ])("without %s every driven flow lands correctly, and the omission is reported", async (name, commands, missing) => {
    const report = await verifyScript(name, textOf(config), ...commands);
    expect([wrongOf(report), report.omissions.map((omission) => omission.missing)]).toEqual([[], [missing]]);
  });

  test.each([
    ["with all of it", "0x539", [RULE, ROUTE]],
    [
      "with a mark and a table of its own",
      "0x1",
      ["ip rule add fwmark 1 lookup 100", "ip route add local 0.0.0.0/0 dev lo table 100"],
    ],
  ])("%s has no omission", async (name, mark, commands) => {
    const report = await verifyScript(name, textOf(config).replaceAll("0x539", mark), ...commands);
    expect([wrongOf(report), report.omissions]).toEqual([[], []]);
  });

  test("without its mangle table is found broken", async () => {
    const nat = textOf(config).slice(textOf(config).indexOf("*nat"));
    const wrong = wrongOf(await verifyScript("no-mangle", nat, RULE, ROUTE));
    const found = wrong.find(({ flow }) => flow === "client -> pod:8080");
    expect([found?.observed.listener, found?.wanted?.rule?.table]).toEqual(["app", "mangle"]);
  });
});

describe("rules that do the same pass, however they are written:", () => {
  const WRITTEN: readonly (readonly [name: string, change: Change])[] = [
    ["as generated", (text) => text],
    ["re-ordered where it does not matter", (text) => text.replace(/(.*uid-owner.*\n)(.*gid-owner.*\n)/, "$2$1")],
    [
      "with multiport",
      (text) => text.replace(/.*--dport 22 .*\n/, "").replace("-m tcp --dport 15020", "-m multiport --dports 22,15020"),
    ],
    [
      "with a chain more",
      (text) =>
        text
          .replace(":ISTIO_REDIRECT", ":OWNERS - [0:0]\n:ISTIO_REDIRECT")
          .replace(
            /(.*uid-owner.*\n)(.*gid-owner.*\n)/,
            (_, uid: string, gid: string) =>
              `${OUTPUT} -j OWNERS\n${[uid, gid].map((line) => line.replace("ISTIO_OUTPUT", "OWNERS").replace("RETURN", "ACCEPT")).join("")}`,
          ),
    ],
  ];

  test("for a proxy that runs as root", async () => {
    const root = configOf({ proxyUid: ["0"], proxyGid: ["0"] });
    const rules = { ip: parse(textOf(root)), ip6: parse(textOf(root, 6), 6) };
    expect(await findWrong(install(rules, root), root)).toEqual([]);
  });

  test.each(takeShare(WRITTEN, 2))("%s", async (_name, change) => {
    expect(await findWrong(install({ ip: parse(change(textOf(seed))) }, seed), seed)).toEqual([]);
  });
});
