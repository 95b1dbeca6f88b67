import { isSilent, type Landing, landingsAgree } from "../../model/landing.ts";
import type { FlowReport } from "../../model/report.ts";
import { type RulePlace, renderPlaceKey } from "../../model/rule-place.ts";
import type { CountedDrive, CountedRules, FlowRequest, Sandbox } from "../../sandbox/sandbox.ts";
import type { BoundFlow } from "../scenario/bound-scenario.ts";
import { splitByCounters } from "./counted-rules.ts";

/** At most so many flows of a scenario are driven again, alone, for the rules that counted them: behind each the counters are read. */
const DRIVEN_AGAIN = 20;
/**
 * How long a flow that is known to be silent is watched while its rules count it. They count its first SYN at once, and nothing else is
 * waited for; its landing is known from the full time-out before.
 */
const SILENT_FLOW_MS = 100;

/**
 * Drives each flow that landed wrong once more and alone, and names the rules that counted it; `requests` are the same flows in the same
 * order. Rules must be in. Where a flow lands elsewhere the second time, what is known of its rules stays as it was.
 */
export async function attributeFlows(
  flows: readonly FlowReport[],
  requests: readonly BoundFlow[],
  sandbox: Sandbox,
): Promise<readonly FlowReport[]> {
  const attributed = [...flows];
  const wrong = flows.flatMap(({ verdict }, i) => (verdict === "wrong" ? [i] : []));
  const again = spreadOut(leaveOutSilent(wrong, flows), flows)
    .slice(0, DRIVEN_AGAIN)
    .flatMap((i) => {
      const [flow, request] = [flows[i], requests[i]];
      return flow && request ? [{ i, flow, request: watchBriefly(request, flow.observed) }] : [];
    });
  if (again.length === 0) return attributed;
  const drives = await sandbox.driveOneByOne(again.map(({ request }) => request));
  for (const [k, { i, flow }] of again.entries()) {
    const rules = rulesOf(drives[k], flow.observed);
    if (rules !== null) attributed[i] = countRules(flow, sortAs(flow.rules, rules));
  }
  return attributed;
}

function watchBriefly(request: BoundFlow, observed: Landing): FlowRequest {
  return isSilent(observed) ? { ...request, connectTimeoutMs: SILENT_FLOW_MS } : request;
}

/** Each flow that nobody answers costs its whole time-out: of those with the same predicted rules one is enough. */
function leaveOutSilent(wrong: readonly number[], flows: readonly FlowReport[]): readonly number[] {
  const seen = new Set<string>();
  return wrong.filter((i) => {
    const flow = flows[i];
    if (flow === undefined || !isSilent(flow.observed) || flow.rulesBy !== "prediction") return true;
    const key = flow.rules.map(renderPlaceKey).join();
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** Puts first one flow of each kind of fault, of equal landings and predicted rules, so that each kind has its evidence. */
function spreadOut(wrong: readonly number[], flows: readonly FlowReport[]): readonly number[] {
  const kinds = Map.groupBy(wrong, (i) => {
    const flow = flows[i];
    return [flow?.observed.kind, flow?.observed.listener, ...(flow?.rules ?? []).map(renderPlaceKey)].join();
  });
  const firsts = new Set([...kinds.values()].map(([first]) => first));
  return [...wrong.filter((i) => firsts.has(i)), ...wrong.filter((i) => !firsts.has(i))];
}

/** Gives the rules that counted the flow alone, or null where it landed elsewhere this time, so that they say nothing about the first. */
function rulesOf(drive: CountedDrive | undefined, observed: Landing): readonly RulePlace[] | null {
  if (drive === undefined) return null;
  const { observation, counted } = drive;
  const isSame = landingsAgree({ ...observed, source: null }, observation.landing);
  return isSame && countsAll(counted) ? splitByCounters(counted).taken : null;
}

/** The rule that decides is still known where the kernel counted it too. */
function countRules({ decidedBy, ...flow }: FlowReport, rules: readonly RulePlace[]): FlowReport {
  const counted = { ...flow, rules, rulesBy: "counters" } as const;
  if (decidedBy?.kind !== "rule") return decidedBy === undefined ? counted : { ...counted, decidedBy };
  const deciding = flow.rules[decidedBy.rule];
  const at = rules.findIndex((place) => deciding && renderPlaceKey(place) === renderPlaceKey(deciding));
  return at < 0 ? counted : { ...counted, decidedBy: { kind: "rule", rule: at } };
}

/** Where of one rule of nft it is not known whether packets took it, the others do not tell which rules the flow met. */
function countsAll({ ip, ip6 }: CountedRules): boolean {
  const tables = [ip, ip6].flatMap((ruleset) => ruleset?.tables ?? []);
  return tables.every(
    ({ source, chains }) =>
      source !== "nft" || chains.every(({ rules }) => rules.every(({ counters }) => counters !== undefined)),
  );
}

/** Counters tell no order; the prediction does, where it holds. What it does not name comes last. */
function sortAs(predicted: readonly RulePlace[], counted: readonly RulePlace[]): readonly RulePlace[] {
  const order = new Map(predicted.map((place, i) => [renderPlaceKey(place), i]));
  const placeOf = (place: RulePlace) => order.get(renderPlaceKey(place)) ?? predicted.length;
  return counted.toSorted((a, b) => placeOf(a) - placeOf(b));
}
