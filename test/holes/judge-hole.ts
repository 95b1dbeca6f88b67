import { exitCodeOf } from "../../harness/cli/output/report-output.ts";
import { findExpectation } from "../../harness/contract/expectation.ts";
import { firstConnection } from "../../harness/contract/first-connection.ts";
import type { Family } from "../../harness/model/address.ts";
import { canBeElsewhere } from "../../harness/model/elsewhere.ts";
import { meetsExpectation } from "../../harness/model/expectation.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { type Landing, landingsAgree } from "../../harness/model/landing.ts";
import { isLoopback, PASS_THROUGH_IPV6, type SandboxAddresses, withLinks } from "../../harness/model/pod.ts";
import type { PodShape } from "../../harness/model/pod-shape.ts";
import { summarize } from "../../harness/model/report-summary.ts";
import type { PodRules } from "../../harness/model/ruleset.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { bindScenario } from "../../harness/run/scenario/bound-scenario.ts";
import type { ParsedScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { runScenario } from "../../harness/run/scenario-run.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import type { Dice } from "./dice.ts";
import type { Hole } from "./hole.ts";
import { drawFlows } from "./hole-flows.ts";

/** Flows that are drawn from a hole's own values. */
const FLOWS = 200;

/**
 * What became of a hole: `seen`, a flow landed wrong; `doubted`, verify says that it cannot say; `harmless`, verify is green, and the flows
 * drawn land as without the hole; `missed`, verify is green, and this one does not; `failed`, the harness failed twice.
 */
export type HoleOutcome =
  | { readonly kind: "seen" | "doubted" | "harmless"; readonly flows: number; readonly why?: string }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "missed"; readonly flow: string; readonly without: Landing; readonly withHole: Landing };

/** Judges one hole in a live sandbox, whose rules are changed in place. */
export async function judgeHole(base: ParsedScenario, hole: Hole, dice: Dice, sandbox: Sandbox): Promise<HoleOutcome> {
  const scenario: ParsedScenario = {
    ...base,
    families: [hole.family],
    installation: { kind: "rules", rules: hole.rules },
  };
  const { report } = await runScenario(scenario, sandbox);
  const code = exitCodeOf({
    formatVersion: "1.0",
    sandbox: await sandbox.describe(),
    scenarios: [report],
    summary: summarize([report], 0),
  });
  const blind = report.flows.find(({ verdict }) => verdict === "could-not-look");
  const why = report.classes?.remaining[0]?.why ?? blind?.observed.cause ?? "mispredicted";
  if (code !== 0)
    return { kind: code === 1 ? "seen" : "doubted", flows: report.flows.length, ...(code === 3 ? { why } : {}) };
  return compareFlows(base, hole, dice, sandbox);
}

async function compareFlows(base: ParsedScenario, hole: Hole, dice: Dice, sandbox: Sandbox): Promise<HoleOutcome> {
  if (base.installation.kind === "script") throw new TypeError("a script's rules are not known");
  const { capture, spec } = bindScenario({ ...base, flows: [] }, sandbox.addresses);
  const isNamed = hole.rule.matches.find((match) => match.kind === "in-interface" || match.kind === "out-interface");
  const name = isNamed && "name" in isNamed ? isNamed.name.replace("+", "0") : null;
  const extra = name !== null && !["lo", "eth0"].includes(name) ? [name] : [];
  const links = [...new Set([...extra, ...spec.shape.links])];
  const drawn = drawFlows(dice, hole, spec.shape, links, FLOWS);
  const contract = capture.contractFor(sandbox.addresses);
  const flows = drawn
    .filter(({ from, to, family }) =>
      [from.address, to.address].every(
        (address) => isSomebodys(address, family, sandbox.addresses) && !isNobodys(address, spec.shape),
      ),
    )
    // Of which nothing is demanded verify says so, and no landing of theirs is wrong.
    .filter((flow) => contract.demand(firstConnection(flow, { links })).must !== "unspecified");
  const pod = withLinks(makePodSpec(capture, flows, base.listen, sandbox.addresses), links);
  await sandbox.enter(pod);
  const drive = async (rules: PodRules, some: readonly Flow[], inFlight: number) => {
    await sandbox.install({ kind: "rules", rules });
    const seen = await sandbox.drive(
      some.map((flow) => ({ flow, manner: "answer" as const })),
      { inFlight },
    );
    await sandbox.clear();
    return seen.map(({ landing }) => landing);
  };
  const both = async (some: readonly Flow[], inFlight: number) => {
    const without = await drive(
      base.installation.kind === "script" ? hole.rules : base.installation.rules,
      some,
      inFlight,
    );
    const withHole = await drive(hole.rules, some, inFlight);
    return some.flatMap((flow, i) => {
      const [a, b] = [without[i], withHole[i]];
      if (!a || !b || a.kind === "could-not-look" || isSame(a, b)) return [];
      // Where the contract allows both, verify is right to say nothing.
      const expected = findExpectation(capture, flow, "answer", sandbox.addresses, pod);
      if (expected !== null && meetsExpectation(expected, a) && meetsExpectation(expected, b)) return [];
      return [{ flow, without: a, withHole: b }];
    });
  };
  // What is different is looked at again alone: a busy machine feigns silence.
  const suspects = (await both(flows, 192)).map(({ flow }) => flow);
  const [first] = suspects.length === 0 ? [] : await both(suspects.slice(0, 5), 1);
  if (first === undefined) return { kind: "harmless", flows: flows.length };
  return { kind: "missed", ...first, flow: renderFlowText(first.flow.spec) };
}

/** A sandbox cannot give upstream every address: no group, and none that stands for every address. */
function isSomebodys(address: string, family: Family, addresses: SandboxAddresses): boolean {
  const isHosts = Object.values(addresses).some((host) => host[family] === address);
  return isHosts || isLoopback(address) || canBeElsewhere(address, family, addresses);
}

/** The pass-through address of IPv6 is the pod's, or nobody's: no other host is given it. */
function isNobodys(address: string, { passThrough }: PodShape): boolean {
  return address === PASS_THROUGH_IPV6 && passThrough[6] === null;
}

/** Source ports are the kernel's free choice. */
function isSame(one: Landing, other: Landing): boolean {
  return landingsAgree(one, other) && landingsAgree(other, one);
}
