import { describe, expect, test } from "vitest";
import type { Demand } from "../../../harness/model/contract.ts";
import { DEFAULT_ADDRESSES, type SandboxAddresses } from "../../../harness/model/pod.ts";
import type { PodShape } from "../../../harness/model/pod-shape.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { describeLanding, RECORDINGS, type Row } from "../../recorded-flows.ts";

const ADDRESSES: SandboxAddresses = {
  ...DEFAULT_ADDRESSES,
  pod: { 4: "10.20.0.2", 6: "fd00:20::2" },
  upstream: { 4: "10.20.0.1", 6: "fd00:20::1" },
};

/** What a demand says in the recording's words; null where it asks for nothing. */
function describeDemand(demand: Demand, { flow, isInside }: Row, shape: PodShape): string | null {
  if (demand.must === "unspecified") return null;
  if (demand.must === "as-dialled") return isInside ? `${flow.to.port}` : `peer:${flow.to.port}`;
  if (demand.must !== "land-on") return demand.must;
  const listener = shape.listeners.find(({ name }) => name === demand.listener);
  return listener?.host === "pod" ? `${listener.port}` : `peer:${listener?.port}`;
}

describe("simulator and contract land TCP and UDP flows where the kernel did, under the rules of", () => {
  test.each(RECORDINGS)("$mesh, $name", ({ prepare }) => {
    const { capture, rules, spec, rows, recorded } = prepare(ADDRESSES);
    const simulator = compilePod(rules, spec, ADDRESSES);
    const simulated = rows.map(({ text, flow }) => [text, describeLanding(simulator.land(flow, "answer"))]);
    expect(Object.fromEntries(simulated)).toEqual(recorded);
    const contract = capture.contractFor(ADDRESSES);
    const demanded = rows.flatMap((row) => {
      const { flow, owner, startedOn } = row;
      const { family, protocol } = flow;
      const { address: source } = flow.from;
      const { address: destination, port } = flow.to;
      const said = describeDemand(
        contract.demand({ family, protocol, startedOn, owner, source, destination, port }),
        row,
        capture.shape,
      );
      return said === null ? [] : [[row.text, said] as const];
    });
    const asked = new Set(demanded.map(([text]) => text));
    expect(asked.size).toBeGreaterThan(50);
    const answered = Object.entries(recorded).filter(([text]) => asked.has(text));
    expect(Object.fromEntries(demanded)).toEqual(Object.fromEntries(answered));
  });
});
