import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClassifiedLane, classifyFlows } from "../../harness/analysis/flows/flow-classes.ts";
import { locateFlow } from "../../harness/analysis/flows/flow-location.ts";
import type { GlanceRow } from "../../harness/analysis/join-ways.ts";
import { glanceFlows } from "../../harness/analysis/map-glance.ts";
import { MESHES } from "../../harness/meshes/meshes.ts";
import { type Family, familyOf, networkHolds, parseAddress, parseNetwork } from "../../harness/model/address.ts";
import type { Capture } from "../../harness/model/capture.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../harness/model/policy-routing.ts";
import type { PodRules, Ruleset } from "../../harness/model/ruleset.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { bindInjected } from "../injected.ts";
import { arbitrarySampledFlow } from "./sampled-flow.ts";

/** Flows for each family of a mesh's rules in one run. */
const FLOWS = 200;

/** Reads a row's words as a person does: it shares nothing with what writes them. */
function speaksOf(who: string, { from, to, family }: Flow): boolean {
  if (who === "all") return true;
  return who.split(" or ").some((box) =>
    box.split(/, (?=(?:uid|gid|from|to|port) )/).every((condition) => {
      const [, name, not, list = ""] = /^(uid|gid|from|to|port) (not )?(.*)$/.exec(condition) ?? [];
      if (name === undefined) throw new TypeError(`"${condition}" is not a condition`);
      const holds = (text: string) => {
        if (name === "from") return holdsAddress(text, from.address, family);
        if (name === "to") return holdsAddress(text, to.address, family);
        const [first = 0, last = first] = text.split("-").map(Number);
        const value = { uid: from.uid, gid: from.gid, port: to.port }[name as "uid" | "gid" | "port"];
        return first <= value && value <= last;
      };
      return list.split(", ").some(holds) !== (not !== undefined);
    }),
  );
}

function holdsAddress(text: string, address: string, family: Family): boolean {
  const value = parseAddress(address)?.value ?? 0n;
  const [first = "", last = first] = text.split("-");
  const network = parseNetwork(text);
  if (network !== null) return familyOf(address) === family && networkHolds(network, value);
  return (parseAddress(first)?.value ?? 0n) <= value && value <= (parseAddress(last)?.value ?? 0n);
}

const ITSELF = / dialled itself$/;

function landsAlike(row: GlanceRow, kind: string): boolean {
  return row.kind === kind || (ITSELF.test(kind) && [kind.replace(ITSELF, ""), "as dialled"].includes(row.kind));
}

/** Gives the number of flows that could be read in a row, and of those whose way has several rows. */
function check(ruleset: Ruleset, capture: Capture, flows: readonly Flow[]) {
  const { family } = ruleset;
  const spec = makePodSpec(capture, [], [], DEFAULT_ADDRESSES);
  const setting = { spec, addresses: DEFAULT_ADDRESSES, passThrough: "absent" } as const;
  const [ip, ip6] = family === 4 ? [ruleset, null] : [null, ruleset];
  const rules: PodRules = { ip, ip6, policyRouting: NO_POLICY_ROUTING };
  const { rows } = glanceFlows(rules, family, setting);
  const lanes = classifyFlows(rules, family, setting).filter(
    ({ lane: { binding, socket } }) => binding === "route" && socket.mark === 0 && socket.ports === null,
  );
  const met = lanes.flatMap((lane) => flows.flatMap((flow) => findRow(flow, lane, rows) ?? []));
  return { all: met.length, conditions: met.filter(({ who }) => who !== "all").length };
}

/** Gives the one row that a flow is in, which must have its landing; null for a flow of another lane. */
function findRow(
  flow: Flow,
  { lane, diagram, space, classes, kindOf }: ClassifiedLane,
  rows: readonly GlanceRow[],
): GlanceRow | null {
  const terminal = locateFlow(diagram, flow, new Map(), lane, space);
  const flowClass = classes.find((each) => each.terminal === terminal);
  if (flowClass === undefined) return null;
  const [start, end] = lane.ends;
  const own = rows.filter(({ from, to, who }) => from.includes(start) && to.includes(end) && !/^marked /.test(who));
  const named = own.filter(({ who }) => who !== "all others" && speaksOf(who, flow));
  const met = named.length > 0 ? named : own.filter(({ who }) => who === "all others");
  const where = `${renderFlowText(flow.spec)} in ${JSON.stringify(own)}`;
  expect(met, where).toHaveLength(1);
  expect(
    met.every((row) => landsAlike(row, kindOf(flowClass))),
    where,
  ).toBe(true);
  return met[0] ?? null;
}

describe("the map at a glance", () => {
  test.each(MESHES.map(({ name }) => name))("names for every sampled flow of %s the row of its landing", (name) => {
    const mesh = MESHES.find((one) => one.name === name);
    const capture = mesh && bindInjected(mesh, 6);
    const told = [capture?.generated?.ip, capture?.generated?.ip6].flatMap((ruleset) =>
      capture && ruleset
        ? check(ruleset, capture, fc.sample(arbitrarySampledFlow(ruleset.family, ruleset), { numRuns: FLOWS }))
        : [],
    );
    const sum = (key: "all" | "conditions") => told.reduce((total, each) => total + each[key], 0);
    expect(sum("all")).toBeGreaterThan(FLOWS);
    expect(sum("conditions")).toBeGreaterThan(FLOWS / 10);
  });
});
