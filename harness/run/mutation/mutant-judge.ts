import type { Difference, SearchDifference, SearchResult } from "../../analysis/flows/exhaustive-search.ts";
import { nameFlow } from "../../analysis/flows/witness.ts";
import type { Mutant } from "../../analysis/mutants/mutants.ts";
import { LandfallError } from "../../errors.ts";
import { hasKernel } from "../../model/backends.ts";
import { type Expectation, meetsExpectation } from "../../model/expectation.ts";
import type { Finding } from "../../model/finding.ts";
import type { Flow } from "../../model/flow.ts";
import { flowData, renderFlowText } from "../../model/flow-spec.ts";
import { isSilent, type Landing, landingsAgree, makeBlind } from "../../model/landing.ts";
import { renderCount } from "../../model/listed-words.ts";
import type { MutantReport } from "../../model/mutation-report.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { BackendName } from "../../model/report.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import { describeDemand as describeExpectation, describeLanding } from "../../report/landing-phrase.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { findFlowFaults } from "../flow-faults.ts";
import type { BoundFlow } from "../scenario/bound-scenario.ts";
import { writeExpectation } from "../scenario/witness-expectation.ts";
import type { MutationSubject } from "./mutation-subject.ts";

/** Flows in flight together; they share no socket. */
const IN_FLIGHT = 64;
/** Flows that are driven ahead of all others because the simulator expects them to show a mutant. */
const PROMISING = 4;
/**
 * How long a flow that the simulator says must time out may take to be connected. Rules that the simulator understands treat a SYN that
 * is sent again, after a second, as they did the first one; so it need not be waited for, and a connection that is made takes no
 * millisecond.
 */
const PREDICTED_SILENCE_MS = 500;
/** What a flow of which the sandbox gives no word has come to. */
const BLIND = makeBlind("no-observation", "the sandbox gave no observation");

/** Drives a subject's flows under one mutant, and says what becomes of it. */
export type JudgeMutant = (mutant: Mutant) => Promise<MutantReport>;

/**
 * Makes what judges a subject's mutants in a sandbox that has been entered for it, and in which no other rules are put in meanwhile.
 * `search` was begun with the subject's rules.
 */
export function makeMutantJudge(subject: MutationSubject, search: SearchDifference, sandbox: Sandbox): JudgeMutant {
  return async (mutant) => {
    const report = (outcome: MutantReport["outcome"], flow: Flow | null, expected: string | null = null) => ({
      mutant: mutant.name,
      protocols: subject.protocols,
      outcome,
      flow: flow && flowData(flow),
      expected,
    });
    if ((await installFamily(mutant, sandbox)) === "refused") return report("caught", null);
    // The other family's rules and flows do not meet the broken ones.
    const flows = subject.flows.filter(({ flow }) => flow.family === mutant.family);
    const predicted = predictFlows(mutant, flows, subject, sandbox.addresses);
    const promising = choosePromising(predicted);
    const rest = predicted.filter((flow) => !promising.includes(flow));
    const [late, quick] = [rest.filter(isSlow), rest.filter((flow) => !isSlow(flow))];
    const shown = (await findShowing(promising, sandbox)) ?? (await findShowing(quick, sandbox));
    if (shown) return report("caught", shown);
    const found = search(mutant.rules, mutant.family);
    if (found.kind === "alike") return report("equivalent", null);
    const shownLate = await findShowing(late, sandbox);
    if (shownLate) return report("caught", shownLate);
    if (found.kind !== "different") return report("missed", null);
    const telling = findTelling(found, subject, sandbox.addresses);
    return report("missed", telling?.flow ?? null, telling?.expected ?? null);
  };
}

/**
 * Gives the first flow that a scenario may have and whose landing, as a scenario says it, is another under the mutant; null where there is
 * none: a reader who pasted it would miss the mutant again.
 */
function findTelling(
  found: SearchResult & { readonly kind: "different" },
  subject: MutationSubject,
  addresses: SandboxAddresses,
): { readonly flow: Flow; readonly expected: string } | null {
  const tell = ({ flow: witness, before, after }: Difference) => {
    const flow = nameFlow(witness, addresses, subject.spec.shape);
    const expected = writeExpectation(flow, before, after, subject, addresses);
    const isWritable = findFlowFaults(flow.spec, "answer", subject.capture).length === 0;
    return expected === null || !isWritable ? null : { flow, expected };
  };
  return tell(found) ?? findFirst(found.listOthers(), tell);
}

function findFirst<T, R>(all: readonly T[], find: (one: T) => R | null): R | null {
  for (const one of all) {
    const found = find(one);
    if (found !== null) return found;
  }
  return null;
}

/**
 * Drives a subject's flows under its unbroken rules: each must land as expected, or nothing that is seen of a mutant counts. `quick` leaves
 * out flows that must time out, which somebody else has driven. Throws `bad-input` with every flow that lands elsewhere, and
 * `agent-failed` where the harness cannot look.
 */
export async function checkUnbroken(subject: MutationSubject, sandbox: Sandbox, which: "all" | "quick"): Promise<void> {
  await sandbox.install({ kind: "rules", rules: subject.rules });
  const flows = subject.flows.filter((bound) => which === "all" || !isSlow({ bound }));
  const seen = await sandbox.drive(flows, { inFlight: IN_FLIGHT });
  const findings: Finding[] = [];
  for (const [i, bound] of flows.entries()) {
    const { flow, expected } = bound;
    if (meetsExpectation(expected, seen[i]?.landing ?? BLIND)) continue;
    // A busy machine makes time-outs: what is to stop everything is looked at twice.
    const [again] = await sandbox.drive([bound]);
    const landing = again?.landing ?? BLIND;
    if (landing.kind === "could-not-look") throw cannotLook(flow, landing);
    if (meetsExpectation(expected, landing)) continue;
    findings.push(describeWrong(flow, expected, landing, sandbox.backend));
  }
  if (findings.length === 0) return;
  const message = `${subject.name}: the rules land ${renderCount(findings.length, "flow")} elsewhere than required before any rule is broken; run landfall verify for details, and correct the rules first.`;
  throw new LandfallError("bad-input", message, { findings });
}

/** A flow that must end in silence costs the whole time-out wherever it does; it is driven only where the others show nothing. */
function isSlow({ bound }: Pick<PredictedFlow, "bound">): boolean {
  return isSilent(bound.expected);
}

async function installFamily({ rules, family }: Mutant, sandbox: Sandbox): Promise<"in" | "refused"> {
  const broken = { ...rules, ip: family === 4 ? rules.ip : null, ip6: family === 6 ? rules.ip6 : null };
  try {
    await sandbox.install({ kind: "rules", rules: broken });
    return "in";
  } catch (error) {
    if (error instanceof LandfallError && error.code === "rules-refused") return "refused";
    throw error;
  }
}

/** A flow with the landing that the simulator gives it under a mutant. The kernel has the last word. */
interface PredictedFlow {
  readonly bound: BoundFlow;
  readonly predicted: Landing;
}

function predictFlows(
  { rules }: Mutant,
  flows: readonly BoundFlow[],
  { spec }: MutationSubject,
  addresses: SandboxAddresses,
): readonly PredictedFlow[] {
  const simulator = compilePod(rules, spec, addresses);
  return flows.map((bound) => ({ bound, predicted: simulator.land(bound.flow, bound.manner) }));
}

/** Gives a few flows that the simulator expects to show a mutant, those that do not have to time out for it if there are any. */
function choosePromising(flows: readonly PredictedFlow[]): readonly PredictedFlow[] {
  const showing = flows.filter(({ bound, predicted }) => isElsewhere(bound.expected, predicted));
  const quick = showing.filter(({ predicted }) => !isSilent(predicted));
  return (quick.length > 0 ? quick : showing).slice(0, PROMISING);
}

/**
 * Gives a flow that lands elsewhere than expected, or null. What the simulator does not predict must show itself again, alone: a busy
 * machine makes time-outs. So must a flow that cannot be looked at any more: a connection that is made and then falls silent has no
 * landing, and no run with it is green.
 */
async function findShowing(flows: readonly PredictedFlow[], sandbox: Sandbox): Promise<Flow | null> {
  if (flows.length === 0) return null;
  const requests = flows.map(({ bound, predicted }) =>
    predicted.kind === "timed-out" ? { ...bound, connectTimeoutMs: PREDICTED_SILENCE_MS } : bound,
  );
  const seen = await sandbox.drive(requests, { inFlight: IN_FLIGHT });
  const odd = flows
    .flatMap((each, i) => {
      const landing = seen[i]?.landing;
      return landing === undefined ? [] : [{ ...each, landing }];
    })
    .filter(({ bound, landing }) => !meetsExpectation(bound.expected, landing));
  const clear = odd.find(({ predicted, landing }) => landingsAgree(predicted, landing));
  if (clear) return clear.bound.flow;
  for (const { bound, landing } of odd.slice(0, PROMISING)) {
    const [again] = await sandbox.drive([bound]);
    if (again?.landing.kind === landing.kind) return bound.flow;
  }
  return null;
}

function isElsewhere(expected: Expectation, landing: Landing): boolean {
  return landing.kind !== "could-not-look" && !meetsExpectation(expected, landing);
}

function describeWrong(flow: Flow, expected: Expectation, landing: Landing, backend: BackendName): Finding {
  const saw = hasKernel(backend) ? "the harness saw" : "the simulator predicts";
  const message = `${describeExpectation(expected)}, and ${saw} ${describeLanding(landing)}.`;
  return { code: "wrong-landing", where: renderFlowText(flow.spec), line: null, column: null, message };
}

function cannotLook(flow: Flow, { cause }: Landing): LandfallError {
  const message = `before anything was broken, ${renderFlowText(flow.spec)} could not be observed: ${cause ?? "no cause was reported"}. Run it again; landfall doctor reports which backends work.`;
  return new LandfallError("agent-failed", message);
}
