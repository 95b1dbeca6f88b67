import type { Expectation } from "../model/expectation.ts";
import { hostOfActor, isLoopback } from "../model/pod.ts";
import type { FlowReport, FlowVerdict } from "../model/report.ts";

/** Where a box of the picture stands: in the pod, on a host beside it, or nowhere, for flows that no listener took. */
export type Zone = "outside" | "pod" | "nowhere";

/** One end of lines: who dials, or where flows land. */
export interface PictureEnd {
  readonly zone: Zone;
  readonly label: string;
  /** What stands below the label, smaller: the proxy's listeners that forwarded the flows. Empty for most. */
  readonly note: string;
}

/** What a line tells: a verdict on where flows landed, or where those that landed elsewhere should have. */
export type PictureLineKind = FlowVerdict | "expected";

/** One line, for all flows that one end dialled and that landed alike. */
export interface PictureLine {
  readonly from: PictureEnd;
  readonly to: PictureEnd;
  readonly kind: PictureLineKind;
  readonly flows: number;
}

/** What a box says of flows that no listener took. */
const KIND_WORDS: Readonly<Record<Exclude<Expectation["kind"], "listener">, string>> = {
  replied: "replied",
  refused: "refused",
  reset: "reset",
  "timed-out": "timed-out",
  unanswered: "unanswered",
  unreachable: "unreachable",
  loop: "loop",
  "could-not-look": "not observed",
  "not-leave": "not out of the pod",
  closed: "a closed port",
};

/** What is drawn later lies on top. */
const LAYERS: Readonly<Record<PictureLineKind, number>> = { pass: 0, expected: 1, "could-not-look": 2, wrong: 3 };

/** Gives the lines of a scenario's picture, each once, in the order in which they are drawn: failures last, on top. */
export function collectLines(flows: readonly FlowReport[]): readonly PictureLine[] {
  const inside = new Set(flows.flatMap(addressesInside));
  const lines = new Map<string, PictureLine>();
  const add = (from: PictureEnd, to: PictureEnd, kind: PictureLineKind) => {
    const key = JSON.stringify([from, to, kind]);
    lines.set(key, { from, to, kind, flows: (lines.get(key)?.flows ?? 0) + 1 });
  };
  for (const { from, expected, observed, verdict } of flows) {
    const who = whoDialled(from, inside);
    const [seen, wanted] = [endOf(observed), endOf(expected)];
    add(who, seen, verdict);
    // Where only the port or the source is another, both are one box.
    if (verdict === "wrong" && JSON.stringify(seen) !== JSON.stringify(wanted)) add(who, wanted, "expected");
  }
  return [...lines.values()].toSorted((a, b) => LAYERS[a.kind] - LAYERS[b.kind]);
}

function addressesInside({ from, to }: FlowReport): readonly string[] {
  const own = to.target === "pod" ? [to.address] : [];
  return from.actor === "app" || from.actor === "root" ? [...own, from.address] : own;
}

/** What the box of users without a name is called. */
const OTHER_OWNERS = "other owners";

/**
 * Gives what is drawn as `other owners`, each once, in the flows' order; none where no user without a name dialled.
 *
 * @example
 * listOtherOwners(flows)   // ["uid=1337,gid=1000", "uid=1000,gid=1337"]
 */
export function listOtherOwners(flows: readonly FlowReport[]): readonly string[] {
  return [...new Set(flows.map(({ from }) => from.actor).filter(isNameless))];
}

function isNameless(actor: string): boolean {
  return actor.includes("=");
}

/** Users without a name share a box. A host that a mesh adds, such as kubelet, is known by its address; only the pod has marked sockets. */
function whoDialled({ actor, address, mark }: FlowReport["from"], inside: ReadonlySet<string>): PictureEnd {
  if (isNameless(actor)) return { zone: "pod", label: OTHER_OWNERS, note: "" };
  const isOwn = mark !== undefined || isLoopback(address) || inside.size === 0 || inside.has(address);
  const isInside = hostOfActor(actor) === "pod" && isOwn;
  return { zone: isInside ? "pod" : "outside", label: actor, note: "" };
}

function endOf({ kind, host, listener, hops }: Expectation): PictureEnd {
  const via = kind === "loop" ? "" : [...new Set(hops.map((hop) => hop.listener))].join(", ");
  const note = via === "" ? "" : `via ${via}`;
  if (kind !== "listener") return { zone: "nowhere", label: KIND_WORDS[kind], note };
  return { zone: host === "pod" ? "pod" : "outside", label: listener ?? host ?? "a listener", note };
}
