import { describe, expect, test } from "vitest";
import { renderRoutingTexts } from "../../../harness/formats/routing-texts.ts";
import { kuma } from "../../../harness/meshes/kuma/mesh.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { readTyped } from "../../typed-input.ts";
import { checkRoundTrip, generatedRules, inputOf, readVectors, recordedRules, type Vector } from "./vectors.ts";

const VECTORS = readVectors("kuma.json");
/** What was there before stays, and kumactl's rule that leads to it is not made: no other program's rules are looked at. */
const BESIDE_OTHERS = "dns-docker-output";
const good = VECTORS.filter(({ name, rc, bad }) => rc === 0 && !bad && name !== BESIDE_OTHERS);
const bad = VECTORS.filter(({ rc, bad: isBad }) => rc !== 0 || isBad);

/** Inputs that the original refuses, or whose rules it cannot remove again (docs/meshes/kuma.md). */
const BETTER: readonly string[] = ["cni-mode-env", "bad-disable-comments-then-default"];

describe("Kuma's rules are those that kumactl leaves in the kernel:", () => {
  test.each(good)("$name", (vector) => {
    expect(generatedRules(kuma, vector)).toEqual(recordedRules(vector));
  });
});

describe("settings that kumactl refuses, or cannot remove, are refused or applied completely:", () => {
  test.each(bad)("$name", (vector) => {
    const rules = generatedRules(kuma, vector);
    expect(Array.isArray(rules) ? "refused" : "applied").toBe(BETTER.includes(vector.name) ? "applied" : "refused");
  });
});

describe("settings written down lead to the same settings again:", () => {
  test.each(good)("$name", (vector) => checkRoundTrip(kuma, vector));
});

/** Gives what a command line, a file and variables lead to: the findings, or the settings. */
function read(words: readonly string[], yaml?: string, environment: Readonly<Record<string, string>> = {}) {
  const config = yaml === undefined ? null : { path: "tp.yaml", text: yaml };
  const parsed = readTyped(kuma, { ...inputOf(VECTORS[0] as Vector), words, config, environment });
  return parsed.ok ? parsed.value : parsed.findings.map(({ where, message }) => `${where}: ${message}`);
}

test("IPv6 rules put the pass-through address on lo, as kumactl does", () => {
  const added = good.map((vector): [string, readonly string[]] => {
    const input = inputOf(vector);
    const parsed = readTyped(kuma, input);
    const routing = parsed.ok ? kuma.generate(parsed.value.settings, input.pod).policyRouting : NO_POLICY_ROUTING;
    return [vector.name, renderRoutingTexts(routing).addresses];
  });
  const recorded = good.map(({ name, lo_addrs = [] }): [string, readonly string[]] => [
    name,
    lo_addrs.filter((address) => address === "::6/128").map((address) => `${address} dev lo`),
  ]);
  expect(added).toEqual(recorded);
});

test("with a chain of Docker present, the rules of raw are the recorded ones", () => {
  const vector = VECTORS.find(({ name }) => name === BESIDE_OTHERS) as Vector;
  expect(generatedRules(kuma, vector)).toMatchObject({ "ip raw": recordedRules(vector)["ip raw"] });
});

describe("every fault of an input is reported at once, with its place and a remedy:", () => {
  test("for an unknown field and an unknown option, with the nearest names", () => {
    expect(read(["--redirect-dn"], "redirect: { inbound: { excludePort: [22] }, dns: 5 }\nwiat: 5")).toEqual([
      "--redirect-dn: There is no such option; did you mean --redirect-dns?",
      "tp.yaml: redirect.inbound.excludePort: There is no such field; did you mean excludePorts?",
      "tp.yaml: redirect.dns: It must be a mapping with the fields enabled, captureAll, port, resolvConfigPath, skipConntrackZoneSplit.",
      "tp.yaml: wiat: There is no such field; did you mean wait?",
    ]);
  });
  test.each([
    [
      ["--exclude-outbound-ports-for-uids", "tcp:80-80:2000"],
      /"80-80" in "tcp:80-80:2000" is neither a port nor a range/,
    ],
    [["--exclude-outbound-ports-for-uids", "a:b:c:d"], /too many parts/],
    [["--exclude-outbound-ports-for-uids", "tcp:443:70000"], /"70000" in "tcp:443:70000" is neither a uid/],
    [["--exclude-outbound-ports-for-uids", "tcp:443:*"], /is neither a uid/],
    [["--vnet", "eth1:0.0.0.0/0"], /contains every address/],
    [["--vnet", "a-name-too-long-for-linux:10.0.0.0/8"], /is not the name of an interface/],
    [["--exclude-inbound-ips", "::ffff:10.0.0.1"], /write it as IPv4/],
    [["--max-retries", "-1"], /--max-retries: "-1" is not a number/],
    [["--redirect-inbound=maybe"], /--redirect-inbound: "maybe" is not a valid value; write true or false/],
    [["--config", "file.yaml"], /give it with --mesh-config/],
  ] satisfies readonly (readonly [readonly string[], RegExp])[])("%j", (words, message) => {
    expect(read(words)).toEqual([expect.stringMatching(message)]);
  });
  test.each([
    ["kumaDPUser: 2000", /kumaDPUser: It must be a text; put quotes around a number/],
    ['redirect: { inbound: { port: "15006" } }', /redirect.inbound.port: It must be a port, without quotes/],
    ["redirect: { inbound: { excludePortsForUIDs: ['2000'] } }", /inbound connections have no uid/],
    ["redirect: { dns: { resolvConfigPath: /tmp/x } }", /--resolv-conf/],
    ["log: { enabled: true, level: 8 }", /"8" is not a level/],
    ["- a list", /It must be a mapping/],
    ["a: &a [1]\nb: *a", /no such field/],
  ])("%s", (yaml, message) => {
    expect(read([], yaml)).toContainEqual(expect.stringMatching(message));
  });
});

test("--config is refused beside the file of --mesh-config, too: it may name another", () =>
  expect(read(["--config", "other.yaml"], "dropInvalidPackets: true")).toEqual([
    expect.stringMatching(/give it with --mesh-config/),
  ]));

describe("flags, variables and the file:", () => {
  const variable = { KUMA_TRANSPARENT_PROXY_REDIRECT_INBOUND_EXCLUDE_PORTS: "22" };
  const excluded = (words: readonly string[], yaml?: string) => {
    const value = read(words, yaml, variable);
    return "settings" in value ? value.settings.inbound.excludePorts : value;
  };
  test("variables count only together with a file, even an empty one", () => {
    expect(excluded([])).toEqual([]);
    expect(excluded([], "")).toEqual([22]);
  });
  test("a flag beats a variable, and a variable the file", () => {
    expect(excluded([], "redirect: { inbound: { excludePorts: 23 } }")).toEqual([22]);
    expect(excluded(["--exclude-inbound-ports", "24"], "{}")).toEqual([24]);
    expect(excluded(["--exclude-inbound-ports", ""], "{}")).toEqual([]);
  });
  test("names of fields may be in any case", () => {
    const value = read([], "REDIRECT: { inBound: { EXCLUDEPORTS: '80, 81' } }");
    expect("settings" in value && value.settings.inbound.excludePorts).toEqual([80, 81]);
  });
});

describe("settings that are allowed but probably not meant get a warning:", () => {
  test.each([
    [["--ip-family-mode", "IPv4"], "--ip-family-mode"],
    [["--redirect-dns"], "--redirect-dns"],
    [["--redirect-all-dns-traffic", "--vnet", "eth1:10.30.0.0/24"], "--vnet"],
  ])("%j", (words, where) => {
    const value = read(words);
    expect("warnings" in value && value.warnings.map((warning) => warning.where)).toContain(where);
  });
  test("the injected default gets no warning", () => {
    const value = read(kuma.injected.words);
    expect("warnings" in value && value.warnings).toEqual([]);
  });
});

test("rules that kumactl inserts stand at the top of built-in chains, and those that it appends at the bottom", () => {
  const value = read(["--redirect-dns", "--vnet", "eth1:10.30.0.0/24", "--exclude-outbound-ips", "10.0.0.0/8"]);
  if (!("settings" in value)) throw new Error(value.join("\n"));
  const { ip } = kuma.generate(value.settings, inputOf(VECTORS[0] as Vector).pod);
  const places = (ip?.tables ?? []).flatMap((table) =>
    table.chains
      .filter(({ base, rules }) => base !== null && rules.length > 0)
      .map(({ name, rules }) => [
        `${table.name} ${name}`,
        rules.map((rule) => kuma.traces.placementOf(name, rule)).join(" "),
      ]),
  );
  expect(Object.fromEntries(places)).toEqual({
    "raw PREROUTING": "bottom",
    "raw OUTPUT": "bottom bottom bottom",
    "nat PREROUTING": "top top top",
    "nat OUTPUT": "top top top bottom bottom",
  });
});

test("capital letters of the family mode mean both families, as they do to kumactl", () => {
  const value = read(["--ip-family-mode", "IPv4"]);
  expect("settings" in value && value.settings.families).toBe("dualstack");
});

describe("deviations from Kuma's documents:", () => {
  const demandOf = (words: readonly string[], startedOn: string, port: number) => {
    const value = read(words);
    const { pod } = inputOf(VECTORS[0] as Vector);
    if (!("settings" in value)) throw new Error(value.join("\n"));
    const owner = { uid: 1000, gid: 1000, mark: 0 };
    const [source, destination] = startedOn === "pod" ? [pod.own[4], "203.0.113.9"] : ["203.0.113.9", pod.own[4]];
    const connection = { family: 4, protocol: "tcp", startedOn, owner, source, destination, port } as const;
    return kuma.contract(value.settings, pod).demand(connection);
  };
  test("SSH is captured, although the documents promise that it is not", () => {
    expect(demandOf([], "client", 22)).toMatchObject({
      must: "land-on",
      deviation: { strict: { must: "as-dialled" } },
    });
    expect(demandOf(["--exclude-inbound-ports", "22"], "client", 22)).not.toHaveProperty("deviation");
  });
  test("DNS over TCP is not captured, although the documents promise that it is", () => {
    const deviation = { strict: { must: "land-on", listener: "envoy-outbound" } };
    expect(demandOf(["--redirect-dns"], "pod", 53)).toMatchObject({ must: "as-dialled", deviation });
    expect(demandOf([], "pod", 53)).toEqual({
      must: "land-on",
      listener: "envoy-outbound",
      clause: "outbound-captured",
    });
  });
});
