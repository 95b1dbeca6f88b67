import { canonicalAddress, type Family, familyOf, renderEndpoint } from "./address.ts";
import type { Flow, FlowSpec, FlowWho, ResolvedFlow } from "./flow.ts";
import { hostOfActor } from "./pod.ts";

/** What every flow that landfall makes by itself has to say; what it leaves out is as usual. */
type EssentialSpec = Pick<FlowSpec, "target" | "family" | "port"> & Partial<Omit<FlowSpec, "written">>;

/**
 * Gives a flow of which all that is not said is as usual: a TCP connection from an unmarked socket, bound to nothing.
 *
 * @example
 * makeFlowSpec({ actor: "client", target: "pod", family: 4, port: 8080 }) // client -> pod:8080
 */
export function makeFlowSpec(essential: EssentialSpec & Pick<FlowSpec, "actor">): FlowSpec {
  return { ids: {}, source: null, sourcePort: null, mark: 0, protocol: "tcp", exchange: "first", ...essential };
}

/**
 * Gives a flow's text: what its author wrote, or `[again ]WHO[@[ADDRESS][:PORT]] -> TARGET:PORT[/udp]`, or of an echo `WHO[@ADDRESS] ->
 * TARGET/icmp`; names of hosts have a 6 over IPv6.
 * The parser of flow texts reads it as the same flow.
 *
 * @example
 * renderFlowText(makeFlowSpec({ actor: "app", target: "upstream", family: 6, port: 53, protocol: "udp" }))   // "app -> upstream6:53/udp"
 */
export function renderFlowText(spec: FlowSpec): string {
  if (spec.written !== undefined) return spec.written;
  const { family, protocol, exchange, target, port } = spec;
  if (protocol === "icmp") {
    const [name, address] = [nameHost(target, family), family === 6 ? `[${target}]` : target];
    return `${renderSource(spec)} -> ${canonicalAddress(target) === null ? name : address}/icmp`;
  }
  const end = canonicalAddress(target) === null ? `${nameHost(target, family)}:${port}` : renderEndpoint(target, port);
  return `${exchange === "again" ? "again " : ""}${renderSource(spec)} -> ${end}${protocol === "tcp" ? "" : `/${protocol}`}`;
}

/** A flow as reports and JSON have it: its text in place of its names as data. */
export interface FlowData extends ResolvedFlow {
  /** The flow as users write it: `[again ]WHO[@[ADDRESS][:PORT]] -> TARGET:PORT[/udp]`. */
  readonly flow: string;
}

/**
 * Gives a flow as reports and JSON have it.
 *
 * @example
 * flowData(flow)   // { flow: "client -> pod:8080", family: 4, protocol: "tcp", from: { actor: "client", … }, to: { target: "pod", … } }
 */
export function flowData({ spec, ...resolved }: Flow): FlowData {
  return { flow: renderFlowText(spec), ...resolved };
}

/** Gives who dials as one name: an actor's, or `uid=N,gid=M` in decimal. */
export function nameWho({ actor, ids }: FlowWho): string {
  return actor ?? `uid=${ids.uid ?? 0},gid=${ids.gid ?? 0}`;
}

/** Gives what stands before the arrow: `app,gid=7,mark=0x1@127.0.0.6:5000`, as much of it as there is. */
function renderSource({ actor, ids, source, sourcePort, mark, family }: FlowSpec): string {
  const who = nameWho({ actor, ids });
  // An actor of the pod has one name for both families: the target says which.
  const name = hostOfActor(who) === "pod" ? who : nameHost(who, family);
  const others = actor === null ? [] : Object.entries(ids).map(([key, id]) => `,${key}=${id}`);
  const address = source !== null && familyOf(source) === 6 ? `[${source}]` : (source ?? "");
  const at = sourcePort === null ? address : `${address}:${sourcePort}`;
  return `${name}${others.join("")}${mark === 0 ? "" : `,mark=0x${mark.toString(16)}`}${at === "" ? "" : `@${at}`}`;
}

function nameHost(name: string, family: Family): string {
  return family === 6 ? `${name}6` : name;
}
