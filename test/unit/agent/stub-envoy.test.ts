import { describe, expect, test } from "vitest";
import { planOnwardDial } from "../../../harness/agent/stub-envoy.ts";

const STUB = {
  passThrough: { 4: "127.0.0.6", 6: "::6" },
  ownPorts: [15001, 15006],
  ownAddresses: ["10.244.0.2", "fd00:244::2"],
  mark: 0,
};
const OWN = {
  15001: { kind: "original", own: "as-loopback" },
  15006: { kind: "original", own: "from-pass-through" },
  15007: { kind: "original", own: "from-original-source", mark: 0x539 },
} as const;

function check(came: keyof typeof OWN, meant: readonly [address: string, port: number], expected: string | null): void {
  const [address, port] = meant;
  const onward = planOnwardDial({ address, port }, "10.244.0.3", {
    ...STUB,
    dials: OWN[came],
  });
  const seen =
    onward &&
    `${onward.target.address} ${onward.target.port}${onward.source ? ` from ${onward.source}` : ""}${onward.mark ? ` marked ${onward.mark}` : ""}`;
  expect(seen).toBe(expected);
}

describe("the stub dials on as Envoy does:", () => {
  test.each([
    ["elsewhere, from the outbound port: as it is", 15001, ["10.244.0.4", 80], "10.244.0.4 80"],
    ["elsewhere, from the inbound port: as it is", 15006, ["10.244.0.3", 80], "10.244.0.3 80"],
    ["elsewhere, on a port like its own: as it is", 15001, ["10.244.0.4", 15001], "10.244.0.4 15001"],
    [
      "the pod's own, from inbound: the pass-through's source",
      15006,
      ["10.244.0.2", 8080],
      "10.244.0.2 8080 from 127.0.0.6",
    ],
    ["the pod's own IPv6, from inbound", 15006, ["fd00:244::2", 8080], "fd00:244::2 8080 from ::6"],
    ["the pod's own, from outbound: loopback", 15001, ["10.244.0.2", 8080], "127.0.0.1 8080"],
    ["the pod's own IPv6, from outbound: loopback", 15001, ["fd00:244::2", 8080], "::1 8080"],
    ["another loopback address, from outbound", 15001, ["127.0.0.2", 8080], "127.0.0.1 8080"],
    [
      "the pod's own, from the peer's address",
      15007,
      ["10.244.0.2", 8080],
      "10.244.0.2 8080 from 10.244.0.3 marked 1337",
    ],
    ["elsewhere from there: as it is", 15007, ["10.244.0.4", 80], "10.244.0.4 80"],
    ["its own outbound port: closed", 15006, ["10.244.0.2", 15001], null],
    ["its own inbound port: closed", 15006, ["10.244.0.2", 15006], null],
    ["its own port on loopback: closed", 15001, ["::1", 15001], null],
    ["the status port is not its own", 15006, ["10.244.0.2", 15020], "10.244.0.2 15020 from 127.0.0.6"],
  ] as const)("%s", (_, came, meant, expected) => check(came, meant, expected));
});
