import { sampleReport } from "../unit/report/sample-report.ts";
import { type BadInput, FOLDER, HOSTILE, PIPE, refuses, SIMULATED } from "./case.ts";

/** A scenario file, `s.mjs`, with other fields than a good one. */
function scenario(what: string, fields: object): BadInput {
  const whole = { name: "s", claim: "c", capture: [], answer: { "client -> pod:22": "app" }, ...fields };
  const files = { "s.mjs": `export default ${JSON.stringify(whole)};\n` };
  return { ...refuses(`a scenario with ${what}`, ["verify", "s.mjs", ...SIMULATED], files), kind: "one-of-many" };
}

const properties = (what: string, value: unknown) =>
  refuses(
    `properties ${what}`,
    ["prove", "--properties", "p.json"],
    { "p.json": typeof value === "string" ? value : JSON.stringify(value) },
    { says: /p\.json/ },
  );

/** A report to merge that is the sample with one change. */
function report(what: string, change: (report: ReturnType<typeof JSON.parse>) => unknown): BadInput {
  const sample = JSON.parse(JSON.stringify(sampleReport()));
  change(sample);
  const files = { "r.json": JSON.stringify(sample) };
  return refuses(`a report with ${what}`, ["merge", "r.json"], files, { says: /r\.json/ });
}

const accepted = (what: string, text: string) =>
  refuses(`accepted changes ${what}`, ["diff", "a", "a", "--accept", "c"], { a: NAT, c: text }, { says: /c: |c:\d/ });

const NAT = "*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
const GOOD_PROPERTY = { name: "p", flows: "app -> upstream:80", lands: "envoy-outbound" };
const DEEP = "[".repeat(200_000);

const FLOWS = ["client", "client -> ", "client -> pod:0", "nobody -> pod:80", "app -> nowhere:80", "client->pod:80"];
const SETS = [
  "client -> pod:90-80",
  "uid=9-1 -> upstream:80",
  "app -> 10.0.0.0/40:80",
  "app -> 10.0.0.9-10.0.0.1:80",
  "uid=*,uid=1 -> pod:1",
  "app -> [2001:db8::/200]:1",
  "app@2001:db8::1 -> 10.0.0.1:80",
  "app -> pod:80/sctp",
];
const LANDINGS = [
  "nowhere",
  "envoy-outbound:0",
  "envoy-outbound:70000",
  "app via",
  "app from nowhere",
  "dropped:80",
  "",
];

/** Data that are wrong: scenarios, properties, reports, accepted changes. */
export const DATA_CASES: readonly BadInput[] = [
  scenario("another name", { name: `t${HOSTILE}` }),
  scenario("a name that is no text", { name: 1 }),
  scenario("no claim", { claim: " " }),
  scenario("a claim that is a list", { claim: ["c"] }),
  scenario("flags that are no list", { capture: "-p 15001" }),
  scenario("flags that are numbers", { capture: [1] }),
  scenario("flags that are wrong", { capture: ["-p", HOSTILE] }),
  scenario("a flag without a value", { capture: ["-p"] }),
  scenario("a flag that is none", { capture: [`--${HOSTILE}`] }),
  scenario("a dialect that is none", { dialect: HOSTILE }),
  scenario("a pod of no family", { pod: "ipv5" }),
  scenario("rules that are wrong", { rules: { ip: `*nat\n${HOSTILE}\nCOMMIT\n` } }),
  scenario("rules that are no text", { rules: { ip: 1 } }),
  scenario("rules that are a list", { rules: [] }),
  scenario("a hundred thousand wrong rules", { rules: { ip: `*nat\n${"-A X -j Y\n".repeat(1e5)}COMMIT\n` } }),
  scenario("a rule left out that is not there", { without: [{ family: 4, table: "nat", rule: `-A ${HOSTILE}` }] }),
  scenario("ports beyond 65535", { listen: [70_000] }),
  scenario("ports that are words", { listen: ["http"] }),
  scenario("no flow", { answer: {} }),
  scenario("flows that are a list", { answer: ["client -> pod:22"] }),
  scenario("a flow that is hostile", { answer: { [HOSTILE]: "app" } }),
  scenario("a landing that is hostile", { answer: { "client -> pod:22": HOSTILE } }),
  scenario("a landing that is no text", { answer: { "client -> pod:22": {} } }),
  scenario("a landing for both manners that are wrong", { forward: { x: "y" } }),
  scenario("a field that nobody knows", { [HOSTILE]: 1 }),
  scenario("a field of every object", { constructor: 1 }),
  scenario("ten thousand flows that are none", {
    answer: Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => [`nobody${i} -> pod:80`, "app"])),
  }),
  ...FLOWS.map((flow) => scenario(`the flow ${JSON.stringify(flow)}`, { answer: { [flow]: "app" } })),
  ...LANDINGS.map((landing) =>
    scenario(`the landing ${JSON.stringify(landing)}`, { answer: { "client -> pod:22": landing } }),
  ),

  properties("that are no JSON", `[${HOSTILE}`),
  properties("that are empty", ""),
  properties("that are a NUL", "\u0000"),
  properties("with a comma too many", '[{"name": "p",}]'),
  properties("with a comment", "[] // none"),
  properties("that are no list", {}),
  properties("that are none", []),
  properties("that are no objects", [1, null, "x"]),
  properties("that are nested without end", DEEP),
  properties("that are nested in a field", [
    { ...GOOD_PROPERTY, except: JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`) },
  ]),
  properties("without a name", [{ ...GOOD_PROPERTY, name: undefined }]),
  properties("with a strange name", [{ ...GOOD_PROPERTY, name: HOSTILE }]),
  properties("with a name without end", [{ ...GOOD_PROPERTY, name: "x".repeat(1e6), lands: 1 }]),
  properties("of the same name", [GOOD_PROPERTY, GOOD_PROPERTY]),
  properties("of flows that are hostile", [{ ...GOOD_PROPERTY, flows: HOSTILE }]),
  properties("of flows that are a number", [{ ...GOOD_PROPERTY, flows: 1 }]),
  properties("of no flows", [{ ...GOOD_PROPERTY, flows: [] }]),
  properties("that claim nothing", [{ name: "p", flows: "app -> upstream:80" }]),
  properties("of a landing that is hostile", [{ ...GOOD_PROPERTY, lands: HOSTILE }]),
  properties("of a manner that is none", [{ ...GOOD_PROPERTY, manner: "sideways" }]),
  properties("with a field that nobody knows", [{ ...GOOD_PROPERTY, [HOSTILE]: 1 }]),
  properties("that are all wrong, ten thousand of them", Array(1e4).fill({ name: HOSTILE })),
  ...SETS.map((flows) => properties(`of the flows ${JSON.stringify(flows)}`, [{ ...GOOD_PROPERTY, flows }])),
  ...LANDINGS.map((lands) => properties(`of the landing ${JSON.stringify(lands)}`, [{ ...GOOD_PROPERTY, lands }])),
  refuses(
    "properties from a pipe",
    ["prove", "--properties", "p.json"],
    { "p.json": PIPE },
    { says: /nothing was written/ },
  ),
  refuses("properties that are a folder", ["prove", "--properties", "p.json"], { "p.json": FOLDER }),
  refuses("properties that are nowhere", ["prove", "--properties", `p${HOSTILE}.json`]),
  refuses("to prove what is no property", ["prove", "--only", HOSTILE]),

  refuses("a report that is nowhere", ["merge", "r.json"]),
  refuses("a report that is empty", ["merge", "r.json"], { "r.json": "" }),
  refuses("a report that is null", ["merge", "r.json"], { "r.json": "null" }),
  refuses("a report that is no JSON", ["merge", "r.json"], { "r.json": `{"a": ${HOSTILE}` }),
  refuses("a report that is cut off", ["merge", "r.json"], { "r.json": JSON.stringify(sampleReport()).slice(0, -9) }),
  refuses("a report that is nested without end", ["merge", "r.json"], { "r.json": DEEP }, { says: /nested more/ }),
  refuses("a report from a pipe", ["merge", "r.json"], { "r.json": PIPE }, { says: /nothing was written/ }),
  refuses("a report from a device without end", ["merge", "/dev/zero"], {}, { says: /MiB/ }),
  refuses("a report that is a folder", ["merge", "r.json"], { "r.json": FOLDER }),
  refuses("a report that is named twice", ["merge", "r.json", "./r.json"], {
    "r.json": JSON.stringify(sampleReport()),
  }),
  refuses("no report", ["merge"]),
  report("no scenario", (r) => (r.scenarios = [])),
  report("no flow", (r) => (r.scenarios = r.scenarios.map((each: object) => ({ ...each, flows: [] })))),
  report("data without end beside its own", (r) => (r.more = JSON.parse(`${"[".repeat(1_000)}${"]".repeat(1_000)}`))),
  report("scenarios that are no list", (r) => (r.scenarios = {})),
  report("ten thousand scenarios that are none", (r) => (r.scenarios = Array(1e4).fill({}))),
  report("an unknown verdict", (r) => (r.scenarios[0].flows[0].verdict = HOSTILE)),
  report("an empty landing", (r) => (r.scenarios[0].flows[0].observed = {})),
  report("no landing", (r) => (r.scenarios[0].flows[0].observed = null)),
  report("a landing of another kind", (r) => (r.scenarios[0].flows[0].expected.kind = "lost")),
  report("a number for a name", (r) => (r.scenarios[0].name = 1)),
  report("a claim that is markup", (r) => (r.scenarios[0].claim = { html: "<script>alert(1)</script>" })),
  report("a notice that is markup", (r) => (r.scenarios[0].notices = [{ html: "<b>" }])),
  report("a rule that is no place", (r) => (r.scenarios[0].flows[0].rules = [1])),
  report("a flow that is no text", (r) => (r.scenarios[0].flows[0].flow = 1)),
  report("a duration below 0", (r) => (r.summary.durationMs = -1)),
  report("a duration that is text", (r) => (r.scenarios[0].flows[0].durationMs = "1")),
  report("no sandbox", (r) => (r.sandbox = null)),
  report("no summary", (r) => delete r.summary),
  report("a backend that nobody knows", (r) => (r.sandbox.backend = HOSTILE)),
  report("another format", (r) => (r.formatVersion = "2.0")),
  report("coverage that is text", (r) => (r.scenarios[0].coverage = "all")),
  report("an omission that is none", (r) => (r.scenarios[0].omissions = [{}])),

  accepted("that are none", HOSTILE),
  accepted("that are empty", ""),
  accepted("that are a list", "[]"),
  accepted("that are null", "null"),
  accepted("without their fields", '{"accepted": [{"class": 1}]}'),
  accepted("that are nested without end", DEEP),
  refuses(
    "accepted changes from a pipe",
    ["diff", "a", "a", "--accept", "c"],
    { a: NAT, c: PIPE },
    { says: /nothing was written/ },
  ),
  refuses("accepted changes that are nowhere", ["diff", "a", "a", "--accept", "c"], { a: NAT }),
  refuses(
    "accepted changes that are a device",
    ["diff", "a", "a", "--accept", "/dev/zero"],
    { a: NAT },
    { says: /MiB/ },
  ),
];
