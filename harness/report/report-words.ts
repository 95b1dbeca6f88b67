import type { Expectation } from "../model/expectation.ts";
import type { LandingKind } from "../model/landing.ts";
import { hostOfActor } from "../model/pod.ts";
import type { FlowReport, Report } from "../model/report.ts";

/** A word that reports use, and what it says to a reader who has never met it: `["via", "the listeners of the proxy that …"]`. */
export type ReportWord = readonly [word: string, meaning: string];

/** What is said of flows that landed so. */
const ENDS = {
  listener: ["NAME:PORT", "the flow landed on the listener of this name, at this port"],
  replied: ["replied", "a host got the ping, and its reply came from the address that was dialled"],
  refused: ["refused", "an error came back at once: nobody listens there, or a rule rejected the flow"],
  reset: ["reset", "the connection was made, and then broken off"],
  "timed-out": ["timed-out", "nothing came back: rules dropped the flow or its answer, or nobody has the address"],
  unanswered: ["unanswered", "the flow arrived, and no answer came back from the address that was dialled"],
  unreachable: [
    "unreachable",
    "an error said that the address cannot be reached: no route leads there, or a rule rejected the flow with such an ICMP error, as icmp-host-unreachable is",
  ],
  loop: [
    "loop",
    "the proxy's own connections came back to the proxy again and again; behind it the listeners that took them, and how often",
  ],
  "could-not-look": [
    "could-not-look",
    "landfall could not observe where the flow landed, so that nothing is said of it",
  ],
} satisfies Record<LandingKind, ReportWord>;

/** Words that stand in reports wherever they are true of a flow. */
const WORDS: readonly (readonly [...ReportWord, isUsed: (flow: FlowReport) => boolean])[] = [
  ["WHO -> HOST:PORT", "a flow: who dials, and the host and port that are dialled", () => true],
  ["uid=N,gid=N", "a process in the pod with these ids dials", ({ from }) => from.actor.includes("=")],
  ["@ADDRESS", "behind who dials: the address it dials from", ({ flow }) => flow.includes("@")],
  [
    "/udp",
    "a datagram and its answer; what has no such ending is a TCP connection",
    ({ protocol }) => protocol === "udp",
  ],
  ["/icmp", "a ping and its reply", ({ protocol }) => protocol === "icmp"],
  [
    "dialled",
    "the address that the flow was dialled to, as the listener that took it was told",
    hasHops((hop) => hop !== null),
  ],
  [
    "from",
    "the caller's address, as the listener saw it",
    ({ expected, observed }) => (expected.source ?? observed.source) !== null,
  ],
  ["via", "the listeners of the proxy that the flow passed before it landed", hasHops()],
  [
    "forward, (forwarded)",
    "where the proxy forwards: the flow as it goes on once the proxy has taken it and dials the next connection; all others the proxy answers itself",
    ({ manner }) => manner === "forward",
  ],
  [
    "refused at ADDRESS:PORT",
    "refused, and the address and port where nobody listened: those that were dialled, or those that rules led the flow to",
    hasEnd(({ kind, address }) => kind === "refused" && address !== null),
  ],
  ["find no way", "said of several flows: they were unreachable", hasEnd(({ kind }) => kind === "unreachable")],
  ["get no answer", "said of several flows: they were unanswered", hasEnd(({ kind }) => kind === "unanswered")],
];

/** What was expected of a flow, seen or predicted: of a refusal the prediction alone knows where it was. */
function hasEnd(holds: (end: Expectation) => boolean): (flow: FlowReport) => boolean {
  return ({ expected, observed, predicted }) => [expected, observed, predicted ?? observed].some(holds);
}

function hasHops(
  holds: ((originalDestination: string | null) => boolean) | null = null,
): (flow: FlowReport) => boolean {
  return ({ expected, observed }) =>
    [expected, observed].some(({ hops, originalDestination }) =>
      holds === null
        ? hops.length > 0
        : [originalDestination, ...hops.map((hop) => hop.originalDestination)].some(holds),
    );
}

/** What stands beside flows and causes. */
const ROWS: readonly ReportWord[] = [
  ["expected", "where the flow must land, by what is required"],
  ["got", "where it landed in the kernel"],
  ["predicted", "where landfall's simulator, which reads the rules, lands it"],
  [
    "decided by",
    "the rule that decided where the flow landed: table, chain, number in the chain, and line of the file; none: no rule did",
  ],
];

/**
 * Gives the words of a report that a reader may not know, those alone that it uses: who dials with its uid and gid, hosts with their
 * addresses, and how flows and landings are written.
 */
export function explainWords({ scenarios }: Report): readonly ReportWord[] {
  const flows = scenarios.flatMap((scenario) => scenario.flows);
  const used = WORDS.filter(([, , isUsed]) => flows.some(isUsed)).map(([word, meaning]): ReportWord => [word, meaning]);
  const kinds = new Set<Expectation["kind"]>(flows.flatMap(({ expected, observed }) => [expected.kind, observed.kind]));
  const ends = Object.entries(ENDS).flatMap(([kind, word]) => (kinds.has(kind as LandingKind) ? [word] : []));
  const [first, ...others] = used;
  return [...(first ? [first] : []), ...listNames(flows), ...others, ...ends, ...ROWS];
}

/** Every word that a report may use, names of who dials and of hosts aside. */
export const REPORT_WORDS: readonly string[] = [...WORDS, ...Object.values(ENDS), ...ROWS].map(([word]) => word);

/** Who dials by a name, and the hosts that are dialled by one. */
function listNames(flows: readonly FlowReport[]): readonly ReportWord[] {
  const callers = flows
    .filter(({ flow }) => /^(again )?[a-z][a-z0-9-]* -> /.test(flow))
    .map(({ from }): ReportWord => {
      const isOfPod = hostOfActor(from.actor) === "pod";
      const who = `a process in the pod with uid ${from.uid} and gid ${from.gid}`;
      return [from.actor, isOfPod ? who : `another host, ${from.address}`];
    });
  const called = flows.flatMap(({ flow, to }): readonly ReportWord[] => {
    const [, name] = / -> ([a-z][a-z0-9-]*)/.exec(flow) ?? [];
    return name === undefined ? [] : [[name, `${describeHost(name)}, ${to.address}`]];
  });
  // A name is told once, as who dials where it does; what comes first stays.
  const named = new Map([...callers, ...called].toReversed());
  return [...new Set([...callers, ...called].map(([name]) => name))].map((name) => [name, named.get(name) ?? ""]);
}

function describeHost(name: string): string {
  if (/^pod6?$/.test(name)) return "the pod's own address";
  return /^localhost6?$/.test(name) ? "the pod's loopback address" : "another host";
}
