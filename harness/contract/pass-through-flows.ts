import type { FlowSpec } from "../model/flow.ts";
import { APP_PORT, type BoundaryNames, byEach, byName, type Dialler, dialIn, isTaken } from "./boundary-names.ts";
import { firstIds } from "./boundary-values.ts";
import type { Demands } from "./demanded-landing.ts";

/** Gives the flows to and from the pass-through's address and its neighbours. On IPv6 lo has no other address than ::1 beside it. */
export function passThroughFlows(names: BoundaryNames, demands: Demands): readonly FlowSpec[] {
  const { shape } = demands;
  const { family, workload, openPort, proxy, named, port, captured, plain, stranger } = names;
  const owners = byEach(firstIds(demands.contract.splitPoints(family).ids), stranger);
  const through = shape.passThrough[family];
  if (through === null || proxy === null) return [];
  const dial = dialIn(family);
  const neighbours = family === 4 ? [...neighboursOf(through), "127.0.0.1"] : ["::1"];
  const at = (who: Dialler, source: string): Dialler => ({ ...who, source });
  const fromLoopback = (who: Dialler) => (family === 4 ? who : at(who, "::1"));
  // IPv4 lets no socket with a loopback address connect to elsewhere; over IPv6 nothing finds back to it unless it is captured.
  const away = dial(at(workload, through), captured, port);
  return [
    ...[APP_PORT, openPort].map((dialled) => dial(fromLoopback(workload), through, dialled)),
    dial(fromLoopback(proxy), through, openPort),
    ...[proxy, workload, byName("root")].map((actor) => dial(at(actor, through), "pod", APP_PORT)),
    dial(at(proxy, through), "pod", 1),
    ...(family === 6 && isTaken(away, demands) ? [away] : []),
    ...[openPort, APP_PORT].map((dialled) => dial(at(proxy, through), "localhost", dialled)),
    ...(family === 4 ? [APP_PORT, ...named.slice(0, 1)] : []).map((dialled) =>
      dial(at(proxy, through), "127.0.0.2", dialled),
    ),
    ...plain.map((dialled) => dial(at(byName("root"), through), family === 4 ? "127.0.0.7" : "::1", dialled)),
    ...neighbours.map((source) => dial(at(proxy, source), "pod", APP_PORT)),
    ...[through, ...neighbours].map((source) => dial(at(workload, source), "pod", openPort)),
    ...neighbours.flatMap((source) =>
      [openPort, ...(family === 4 ? named : [])].map((dialled) => dial(at(proxy, source), "pod", dialled)),
    ),
    // With TPROXY the pod's own address is captured on its way in, whoever dials; loopback addresses are captured by owner alone.
    ...(family === 4 ? owners : []).flatMap((owner) => [
      ...[APP_PORT, ...named].map((dialled) => dial(owner, "127.0.0.2", dialled)),
      ...[through, ...neighbours].map((source) => dial(at(owner, source), "127.0.0.2", APP_PORT)),
      dial(at(owner, through), through, APP_PORT),
    ]),
  ];
}

/** The addresses before and behind one of IPv4. */
function neighboursOf(address: string): readonly string[] {
  const [, head = "", last = "0"] = /^(.*\.)(\d+)$/.exec(address) ?? [];
  return [Number(last) - 1, Number(last) + 1].map((byte) => `${head}${byte}`);
}
