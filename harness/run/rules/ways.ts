import { listPlacedRules } from "../../formats/rule-places.ts";
import { quoteRule } from "../../formats/rule-text.ts";
import { FAMILIES } from "../../model/address.ts";
import { landingsAgree } from "../../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import type { FlowReport, ScenarioReport } from "../../model/report.ts";
import { placeInFile, type RulePlace, renderPlaceKey } from "../../model/rule-place.ts";
import { familyKey, type PodRules } from "../../model/ruleset.ts";
import type { TraceStep } from "../../model/trace.ts";
import { WAY_FIELDS, type Way, type WayPacket } from "../../model/way.ts";
import type { PacketTrace } from "../../netfilter/recording.ts";
import { compilePod, type Explanation, type Simulator } from "../../netfilter/simulator.ts";

/** Steps that the ways of one scenario may have before rules that did not match are left out of further ways. */
const STEPS_AT_MOST = 20_000;
/** Steps after which no further way is kept: they would make most of a report. */
const TAKEN_AT_MOST = 60_000;

/**
 * Gives a scenario's report with the rules under test and the predicted way of each flow through them, those of flows that did not pass
 * first where there are too many. `tested` are the rules that were in. A flow whose landing in the report is not the one that this pod
 * predicts has none: it was driven in a pod with another link.
 */
export function traceWays(
  report: ScenarioReport,
  spec: PodSpec,
  tested: PodRules,
  addresses: SandboxAddresses,
): ScenarioReport {
  const simulator = compilePod(tested, spec, addresses);
  const placed = FAMILIES.flatMap((family) => listPlacedRules(tested[familyKey(family)]));
  const book = new WayBook(placed.map(({ place }) => place));
  const order = [...report.flows.keys()].sort((a, b) => Number(hasPassed(report, a)) - Number(hasPassed(report, b)));
  const ways = new Map(order.map((i) => [i, traceFlow(report.flows[i], simulator, book)]));
  const flows = report.flows.map((flow, i): FlowReport => {
    const way = ways.get(i) ?? null;
    return way === null ? flow : { ...flow, way };
  });
  return { ...report, flows, rules: placed.map(({ place }) => placeInFile(place, tested)), ways: book.ways };
}

function hasPassed({ flows }: ScenarioReport, index: number): boolean {
  return flows[index]?.verdict === "pass";
}

function traceFlow(flow: FlowReport | undefined, simulator: Simulator, book: WayBook): number | null {
  if (!flow || flow.predicted === null) return null;
  const explained = simulator.explain(flow, flow.manner, (chain, rule) => quoteRule(chain, rule, flow.family));
  const { landing } = explained;
  const isUnknown = landing.kind === "could-not-look" && flow.predicted.kind === landing.kind;
  return isUnknown || landingsAgree(flow.predicted, landing) ? book.enter(flow, explained) : null;
}

/** The ways so far, each once. */
class WayBook {
  readonly ways: Way[] = [];
  readonly #known = new Map<string, number>();
  readonly #rules: ReadonlyMap<string, number>;
  #steps = 0;

  constructor(places: readonly RulePlace[]) {
    this.#rules = new Map(places.map((place, i) => [keyOf(place), i]));
  }

  /** Gives the number of a flow's way; null where there are too many. */
  enter(flow: FlowReport, { connections }: Explanation): number | null {
    const abstract = makeAbstract(flow);
    const steps = this.#steps < STEPS_AT_MOST ? "all" : "taken";
    return this.#keep({
      connections: connections.map(({ source, destination, packets }) => ({
        dials: abstract(`${source} -> ${destination}`),
        packets: packets.flatMap((packet, i) => this.#keepPacket(packet, i, steps, abstract)),
      })),
      steps,
    });
  }

  #keep(way: Way): number | null {
    const key = JSON.stringify(way);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#steps >= TAKEN_AT_MOST) return null;
    this.#steps += countSteps(way);
    this.#known.set(key, this.ways.length);
    return this.ways.push(way) - 1;
  }

  /** A later packet that meets no rule, and that no policy drops, is passed over. */
  #keepPacket(
    trace: PacketTrace,
    index: number,
    kept: Way["steps"],
    abstract: (text: string) => string,
  ): readonly WayPacket[] {
    const { packet, policies } = trace;
    const dropped = policies.find(({ verdict }) => verdict === "drop");
    const met = trace.steps.map((step, at) => ({ step, at })).filter(({ step }) => kept === "all" || step.matched);
    if (index > 0 && met.length === 0 && !dropped) return [];
    const steps = met.map(({ step }) => this.#renderStep(step, abstract));
    const ends = trace.ends.map(({ step, source, destination }) => {
      const before = met.filter(({ at }) => at < step).length;
      return `${before} ${abstract(`${source} -> ${destination}`)}`;
    });
    const place = dropped && `${dropped.hook} ${dropped.table} ${dropped.chain}`;
    return [{ packet, steps, ends, ...(place === undefined ? {} : { dropped: place }) }];
  }

  #renderStep(step: TraceStep, abstract: (text: string) => string): string {
    const { hook, verdict, why } = step;
    const rule = this.#rules.get(keyOf(step));
    if (rule === undefined) throw new RangeError(`the rules under test have no ${keyOf(step)}`);
    return `${hook} ${rule} ${verdict ?? "no"}${why === null ? "" : `: ${abstract(why)}`}`;
  }
}

/** Two tables may have one name, one of iptables and one of nft: their rules' texts differ. */
function keyOf(place: RulePlace): string {
  return `${renderPlaceKey(place)} ${place.rule}`;
}

function countSteps({ connections }: Way): number {
  return connections.reduce((sum, { packets }) => sum + packets.reduce((all, { steps }) => all + steps.length, 0), 0);
}

/**
 * Gives what puts the names of fields in the place of a flow's own values, so that flows of one way have one text. Whatever it names, the
 * flow's values put back give the text as it was.
 */
function makeAbstract(flow: FlowReport): (text: string) => string {
  const { from, to } = flow;
  const values = [from.address, to.address, String(to.port), String(from.uid), String(from.gid)];
  // Root's 0 is found in many texts that have nothing to do with root, such as ports that the kernel chooses.
  const names = new Map(values.map((value, i) => [value, WAY_FIELDS[i]] as const).reverse());
  const alternatives = values
    .filter((value) => value !== "0")
    .map((value) => value.replaceAll(".", "\\."))
    .join("|");
  const pattern = new RegExp(`\\{|(?<![\\w.])(?:${alternatives})(?![\\w.])`, "g");
  return (text) => text.replaceAll(pattern, (found) => (found === "{" ? "{{" : `{${names.get(found)}}`));
}
