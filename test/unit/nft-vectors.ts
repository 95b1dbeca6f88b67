import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { TimedSets } from "../../harness/formats/nft/ast.ts";
import { readNft } from "../../harness/formats/nft/read-nft.ts";
import { parseRoutingTexts } from "../../harness/formats/routing-texts.ts";
import { readRulesText } from "../../harness/formats/rules-text.ts";
import type { CaptureConfig } from "../../harness/meshes/istio-1.4/config.ts";
import type { Family } from "../../harness/model/address.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { resolveFlow } from "../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../harness/model/flow-text.ts";
import type { Landing } from "../../harness/model/landing.ts";
import type { NameLookups } from "../../harness/model/name-lookups.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../harness/model/pod.ts";
import type { PodShape } from "../../harness/model/pod-shape.ts";
import { emptyRuleset, familyKey, type PodRules, type Ruleset } from "../../harness/model/ruleset.ts";
import { shapeOf } from "../istio-pod.ts";

/** A landing as it was recorded on a kernel; `stage: reply`: the connection was made, and no answer came. */
export interface RecordedLanding {
  readonly kind: Landing["kind"];
  readonly host: string | null;
  readonly port: number | null;
  readonly originalDestination: string | null;
  readonly source: string | null;
  readonly stage?: "reply";
  /** Of a datagram: it was answered from an end point that was not dialled. */
  readonly wrongSource?: true;
}

/** A rule set of nft with the landings that flows had under it. */
export interface SemanticsItem {
  readonly name: string;
  readonly nft: string | null;
  readonly nft_json: object | null;
  readonly flows: Readonly<Record<string, RecordedLanding>>;
  readonly setup?: readonly string[];
  readonly load?: readonly Readonly<Record<string, string>>[] | readonly (readonly [string, string])[];
  readonly transparent?: boolean;
  readonly nondeterministic?: unknown;
}

/** A rule set of iptables and one of nft, with the flows that land differently. */
export interface PairItem {
  readonly name: string;
  readonly equal: boolean;
  readonly iptables: string | null;
  readonly ip6tables: string | null;
  readonly nft: string;
  readonly nft_json: object;
  readonly setup: readonly string[];
  readonly listeners: readonly (readonly [string, string, number, number, number])[];
  readonly telling: Readonly<Record<string, Readonly<Record<"iptables" | "nft", RecordedLanding>>>>;
}

/** Reads one of the recordings of nft from `test/golden`. */
export function readItems<T>(file: string): readonly T[] {
  const whole: unknown = JSON.parse(readFileSync(resolve(import.meta.dirname, "../golden", file), "utf8"));
  const lists = Array.isArray(whole) ? [whole] : Object.values(whole as object).filter(Array.isArray);
  return lists[0] as readonly T[];
}

/** The users that the texts name. */
export const NAMES: NameLookups = {
  user: (name) => ({ root: 0, daemon: 1, nobody: 65534 })[name] ?? null,
  group: (name) => ({ root: 0, daemon: 1 })[name] ?? null,
  service: (name) => ({ ssh: 22, http: 80, https: 443 })[name] ?? null,
  routeTable: () => null,
};

/** Gives the rules of an nft text or JSON; throws with the findings. */
export function nftRules(text: string, timedSets: TimedSets = "unknown"): Pick<PodRules, "ip" | "ip6"> {
  const read = readNft(text, { where: "rules.nft", names: NAMES, timedSets });
  if (read.ok) return read.value;
  throw new Error(read.findings.map(({ line, column, message }) => `${line}:${column} ${message}`).join("\n"));
}

/** Gives the rules that `iptables-save` or `ip6tables-save` printed; without a text, no rules. */
export function iptablesRules(text: string | null, family: Family): Ruleset {
  if (text === null) return emptyRuleset(family);
  const read = readRulesText(text, { where: "rules", family });
  if (!read.ok) throw new Error(read.findings.map(({ message }) => message).join("\n"));
  return read.value[familyKey(family)] ?? emptyRuleset(family);
}

/** Gives the policy routing among lines of a pod's shell: `pod: ip rule add fwmark 1 lookup 100; ip -6 route add …`. */
export function routingOf(setup: readonly string[] = []): PodRules["policyRouting"] {
  const commands = setup.filter((line) => line.startsWith("pod: ")).flatMap((line) => line.slice(5).split("; "));
  const added = (kind: string) =>
    commands.flatMap((command) => {
      const [, six = "", what, rest = ""] = /^ip (-6 )?(rule|route) add (.*)$/.exec(command) ?? [];
      return what === kind ? [six + rest] : [];
    });
  return parseRoutingTexts({ rules: added("rule"), routes: added("route"), addresses: [] });
}

/** Gives a flow's text in the grammar of the harness, which names uid and gid both. */
function flowText(text: string): string {
  const [who = "", ...rest] = text.split(" -> ");
  // The recordings' envoy is 1337, whoever the proxy of the rules is.
  const [owner = "", at] = who.replace(/^envoy(?=$|[,@])/, "uid=1337,gid=1337").split(/(?=@)/);
  const parts = owner.split(",");
  const isNumeric = parts.some((part) => /^(?:uid|gid|mark)=/.test(part)) && !/^[a-z]+[6]?$/.test(parts[0] ?? "");
  const of = (name: string) => parts.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
  const mark = of("mark");
  const full = isNumeric ? `uid=${of("uid") ?? 0},gid=${of("gid") ?? 0}${mark ? `,mark=${mark}` : ""}` : owner;
  return [full + (at ?? ""), ...rest].join(" -> ");
}

/** Gives the flow that a text stands for. */
export function flowFor(text: string, shape: PodShape): Flow {
  const parsed = parseFlowText(flowText(text), shape);
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join(" "));
  return resolveFlow(parsed.value, DEFAULT_ADDRESSES, shape);
}

/** Says whether a flow is one of TCP or UDP of its own, not one over an earlier flow's socket. */
export function isOwn(text: string): boolean {
  return !/\/icmp$|^again /.test(text);
}

/** The pod in which the items were recorded, with what its flows dial. */
export function specFor(flows: readonly string[], changes: Partial<CaptureConfig> = {}): PodSpec {
  const dialled = flows.flatMap((flow) => {
    const [, target = "", port = "", protocol = "tcp"] = /-> \[?(.*?)\]?:(\d+)(?:\/(udp))?$/.exec(flow) ?? [];
    return target === "" ? [] : [{ target, port: Number(port), protocol }];
  });
  const outside = dialled.filter(({ target }) => !/^(?:pod|localhost|client)6?$/.test(target));
  const shape = shapeOf(changes);
  const [outbound] = shape.listeners.filter(({ role }) => role === "outbound");
  const dns = outbound && {
    ...outbound,
    name: "dns",
    role: "dns" as const,
    protocols: ["tcp", "udp"] as const,
    port: 15053,
  };
  const tcp = outside.filter(({ protocol }) => protocol === "tcp");
  return {
    shape: { ...shape, listeners: [...shape.listeners, ...(dns ? [dns] : [])] },
    listen: [8080, 22],
    upstreamPorts: [53, 80, 443, 3128, 8080, ...tcp.map(({ port }) => port)],
    clientPorts: [80, 8080],
    upstreamAddresses: outside.map(({ target }) => target).filter((target) => !/^upstream6?$/.test(target)),
    udp: { app: [8080], upstream: [53, 443, 8600], client: [53] },
  };
}

/**
 * A landing in the words that recordings and predictions share. Of a listener outside the pod the recordings do not say what was dialled.
 */
export function nameLanding(landing: RecordedLanding): string {
  if (landing.kind !== "listener") return landing.stage === "reply" ? "unanswered" : landing.kind;
  if (landing.wrongSource) return "unanswered";
  const { host, port, originalDestination, source } = landing;
  const [, six, four] = /^(?:\[([^\]]+)\]|([\d.]+)):\d+$/.exec(source ?? "") ?? [];
  const address = six ?? four ?? source;
  return `${host} ${port}${host === "pod" && originalDestination ? ` of ${originalDestination}` : ""} from ${address}`;
}
