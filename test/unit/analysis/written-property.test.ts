import { describe, expect, test } from "vitest";
import type { AnalysisSetting } from "../../../harness/analysis/flows/partition.ts";
import { proveProperties } from "../../../harness/analysis/proof/prove.ts";
import { parseProperties, type WrittenProperty } from "../../../harness/analysis/proof/written-property.ts";
import { generateRules } from "../../../harness/meshes/istio-1.4/rules.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { captureOf, SHAPE } from "../../istio-pod.ts";
import { configOf } from "../meshes/istio-1.4/intent-setup.ts";

const CONFIG = configOf();
const TAKEN = ["no-uid-loop", "inbound-captured"];
const RULES = generateRules(CONFIG);
const SETTING: AnalysisSetting = {
  spec: makePodSpec(captureOf(CONFIG), [], [], DEFAULT_ADDRESSES),
  addresses: DEFAULT_ADDRESSES,
  passThrough: "absent",
};

/** A property of the seed command's rules, and its counterexample: null where it holds. */
function check(property: Omit<WrittenProperty, "name">, expected: string | null): void {
  const parsed = parseProperties([{ name: "own", ...property }], "test", SHAPE, TAKEN, DEFAULT_ADDRESSES);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const [result] = proveProperties(RULES, captureOf(CONFIG), SETTING, parsed.value);
  expect(result?.classes).toBeGreaterThan(0);
  const { counterexample = null } = result ?? {};
  expect(counterexample && renderFlowText(counterexample.flow.spec)).toBe(expected);
}

describe("a property that a user writes", () => {
  test.each<[string, Omit<WrittenProperty, "name">, string | null]>([
    ["who must land on a listener", { flows: "app -> upstream:80", lands: "envoy-outbound" }, null],
    ["who lands elsewhere", { flows: "app -> upstream:80", lands: "upstream" }, "app -> upstream:80"],
    [
      "a range of ids",
      { flows: "uid=1336-1338 -> upstream:80", lands: "envoy-outbound" },
      "uid=1337,gid=1000 -> upstream:80",
    ],
    [
      "a range of neighbouring ids",
      { flows: "uid=1338-2000,gid=1338-4000 -> upstream:80", lands: "envoy-outbound" },
      null,
    ],
    ["only a gid", { flows: "gid=1337 -> elsewhere:*", lands: "as dialled" }, null],
    ["a network", { flows: "app -> 10.0.0.0/9:1-1024", lands: "envoy-outbound" }, null],
    ["a range of addresses", { flows: "app -> 10.9.9.9-10.9.9.10:5", never: "envoy-outbound" }, "app -> 10.9.9.9:5"],
    ["ports, with one exception", { flows: "client -> pod:20-25", lands: "envoy-inbound" }, "client -> pod:22"],
    [
      "the same without that one",
      { flows: "client -> pod:20-25", except: "client -> pod:22", lands: "envoy-inbound" },
      null,
    ],
    ["one of several landings", { flows: "client -> pod:*", lands: ["envoy-inbound", "as dialled"] }, null],
    [
      "every address outside",
      { flows: "client -> pod:80", lands: "envoy-inbound from 10.244.0.3" },
      "upstream@10.96.0.1 -> pod:80",
    ],
    ["one address outside", { flows: "client@10.244.0.3 -> pod:80", lands: "envoy-inbound from 10.244.0.3" }, null],
    ["only the route's source", { flows: "app -> pod:8080", lands: "envoy-inbound" }, null],
    ["a bound source", { flows: "app@127.0.0.0/24 -> pod:8080", lands: "envoy-inbound" }, "app@127.0.0.6 -> pod:8080"],
    ["IPv6, which an IPv4 pod lets out", { flows: "app -> [2001:db8::/32]:443", lands: "as dialled" }, null],
    ["IPv6 by names", { flows: "client6 -> pod6:443", lands: "refused" }, null],
    [
      "a port that is not written, forbidden on any",
      { flows: "client -> pod:80", never: "envoy-inbound" },
      "client -> pod:80",
    ],
    ["another port than is forbidden", { flows: "client -> pod:80", never: "envoy-inbound:15001" }, null],
    [
      "what the proxy dials on",
      { flows: "client -> pod:8080", manner: "forward", lands: "app via envoy-inbound" },
      null,
    ],
    [
      "that it is passed in no other way",
      { flows: "client -> pod:8080", manner: "forward", never: "app via envoy-inbound" },
      "client -> pod:8080",
    ],
  ])("judges %s", (_, property, expected) => check(property, expected));
});

describe("properties that cannot be read", () => {
  test.each<[string, WrittenProperty, readonly string[]]>([
    ["a name in capitals", { name: "Own", flows: "app -> pod:1", lands: "app" }, ["f: [0].name"]],
    ["a name that is taken", { name: "no-uid-loop", flows: "app -> pod:1", lands: "app" }, ["f: [0].name"]],
    ["no arrow", { name: "own", flows: "app", lands: "app" }, ["f: [0].flows"]],
    [
      "an invalid actor, port and landing",
      { name: "own", flows: "apps -> pod:0", lands: "pod" },
      ["f: [0].flows", "f: [0].flows", "f: [0].lands"],
    ],
    ["ids that fall", { name: "own", flows: "uid=9-1 -> pod:1", lands: "app" }, ["f: [0].flows"]],
    ["ports beyond the last", { name: "own", flows: "app -> pod:1-65536", lands: "app" }, ["f: [0].flows"]],
    ["a mask with holes", { name: "own", flows: "app -> 10.0.0.1/255.0.0.255:1", lands: "app" }, ["f: [0].flows"]],
    ["IPv6 without brackets", { name: "own", flows: "app -> 2001:db8::1:1", lands: "app" }, ["f: [0].flows"]],
    ["brackets around IPv4", { name: "own", flows: "app -> [10.0.0.1]:1", lands: "app" }, ["f: [0].flows"]],
    ["two families", { name: "own", flows: "client6 -> pod:1", lands: "app" }, ["f: [0].flows"]],
    ["a source of the other family", { name: "own", flows: "app@127.0.0.6 -> pod6:1", lands: "app" }, ["f: [0].flows"]],
    [
      "a passage in the manner answer",
      { name: "own", flows: "app -> pod:1", lands: "app via envoy-inbound" },
      ["f: [0]"],
    ],
    ["a loop in the manner answer", { name: "own", flows: "app -> pod:1", never: "loop" }, ["f: [0]"]],
  ])("are refused with their place: %s", (_, property, places) => {
    const parsed = parseProperties([property], "f", SHAPE, TAKEN, DEFAULT_ADDRESSES);
    expect(parsed.ok ? [] : parsed.findings.map(({ where }) => where)).toEqual(places);
  });
});
