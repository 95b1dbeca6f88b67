import { resolveFlow } from "../../harness/model/flow-resolution.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../harness/model/pod.ts";
import type { PodRules } from "../../harness/model/ruleset.ts";
import { compilePod, type Simulator } from "../../harness/netfilter/simulator.ts";
import type { FlowRequest } from "../../harness/sandbox/sandbox.ts";
import { SHAPE } from "../istio-pod.ts";

/** What the simulator asks where a rule tells apart the ports from which the kernel chooses a flow's own. */
const ASKS_PORT = /^the free source port is in (.*)$/;
/** Ports that the kernel chooses for nobody (net.ipv4.ip_local_port_range ends at 60999). */
const FREE_PORTS = { first: 61000, count: 4000 };

/** The rules, the pod that they are put into, and the flows that are driven there. */
interface DrivenFlows {
  readonly spec: PodSpec;
  readonly rules: PodRules;
  readonly requests: readonly FlowRequest[];
}

/**
 * Gives the case in which flows whose landing hangs on the source port that the kernel chooses are bound to one: half of them to a port of
 * the ranges that rules ask for, where that makes their landing known, the others to one outside.
 *
 * @example
 * bindWhereAsked(one)   // app -> upstream:80 under  --sport 55442  becomes  app@:55442 -> upstream:80  or  app@:61007 -> upstream:80
 */
export function bindWhereAsked(one: DrivenFlows): DrivenFlows {
  const simulator = compilePod(one.rules, one.spec, DEFAULT_ADDRESSES);
  const used = new Set<number>();
  const requests = one.requests.map((request, i) => {
    const ports = listAskedPorts(request, simulator);
    if (ports.length === 0 || request.flow.from.port !== undefined) return request;
    const outside = FREE_PORTS.first + ((i * 37 + request.flow.to.port) % FREE_PORTS.count);
    const wanted = (i % 2 === 0 ? [...ports, outside] : [outside, ...ports]).filter((port) => !used.has(port));
    const port = wanted.find((each) => listAskedPorts(bindTo(request, each), simulator).length === 0) ?? outside;
    used.add(port);
    return bindTo(request, port);
  });
  return { ...one, requests };
}

/** Gives a port of each range that rules ask the flow's own port to be in; none where its landing does not hang on that. */
function listAskedPorts({ flow, manner }: FlowRequest, simulator: Simulator): readonly number[] {
  return simulator
    .explain(flow, manner, () => "", "matching rules")
    .unknown.flatMap((text) => ASKS_PORT.exec(text)?.[1]?.split(",") ?? [])
    .map((range) => Number(range.split(":")[1]))
    .filter((port) => port > 1024);
}

function bindTo(request: FlowRequest, sourcePort: number): FlowRequest {
  const { spec } = request.flow;
  return { ...request, flow: resolveFlow({ ...spec, sourcePort }, DEFAULT_ADDRESSES, SHAPE) };
}
