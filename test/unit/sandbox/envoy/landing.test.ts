import { describe, expect, test } from "vitest";
import { landBehindEnvoy } from "../../../../harness/sandbox/envoy/landing.ts";
import { ENDED, PASSED } from "./entries.ts";

function check(passages: readonly (typeof PASSED)[], expected: string): void {
  const landing = landBehindEnvoy(passages);
  const hops = landing?.hops.map((hop) => `${hop.listener}:${hop.port} of ${hop.originalDestination}`).join(", ");
  const at = landing?.listener ? ` ${landing.listener}:${landing.port} of ${landing.originalDestination}` : "";
  expect(`${landing?.kind}${at} [${hops}]`).toBe(expected);
}

describe("behind Envoy a flow", () => {
  test.each([
    ["delayed_connect_error:_Connection_refused", "refused"],
    ["immediate_connect_error:_Network_is_unreachable", "unreachable"],
    ["delayed_connect_error:_No_route_to_host", "unreachable"],
    ["delayed_connect_error:_Protocol_not_available", "unreachable"],
    ["delayed_connect_error:_Connection_timed_out", "timed-out"],
    ["cannot_bind_'[::6]:0':_Cannot_assign_requested_address", "could-not-look"],
  ])("that Envoy could not dial on, saying %s, is %s after the passage", (failure, kind) => {
    check([{ ...ENDED, failure }], `${kind} [envoy-inbound:15006 of 10.244.0.2:8080]`);
  });
  test("that no host answers has timed out, since Envoy then gives no reason", () => {
    check([{ ...ENDED, failure: null }], "timed-out [envoy-inbound:15006 of 10.244.0.2:8080]");
  });
  test("that is closed because it was meant for the proxy landed on the proxy", () => {
    const meant = { ...ENDED, flags: "UH", failure: null, destination: "10.244.0.2:15001" };
    check([PASSED, meant], "listener envoy-inbound:15006 of 10.244.0.2:15001 [envoy-inbound:15006 of 10.244.0.2:8080]");
  });
  test("dialled straight to a port of the proxy has no original destination", () => {
    check(
      [{ ...ENDED, flags: "UH", failure: null, destination: "127.0.0.1:15006" }],
      "listener envoy-inbound:15006 of null []",
    );
  });
  test("taken by TPROXY has the address it was accepted under for its original destination", () => {
    const taken = { ...ENDED, listener: "envoy-outbound", port: 15001, accepted: "10.244.0.2:8080" } as const;
    check([taken], "refused [envoy-outbound:15001 of 10.244.0.2:8080]");
  });
  test("that the far end resets after Envoy has reached it is reset", () => {
    check([{ ...PASSED, onwardClose: "RemoteReset" }], "reset [envoy-inbound:15006 of 10.244.0.2:8080]");
  });
  test("that goes round until the circuit breaker opens is a loop of eight hops", () => {
    const round = [...Array(20).fill(PASSED), { ...ENDED, flags: "UO" }];
    check(round, `loop [${Array(8).fill("envoy-inbound:15006 of 10.244.0.2:8080").join(", ")}]`);
  });
  test("that goes round has no landing before the whole loop has ended", () => {
    expect(landBehindEnvoy(Array(20).fill(PASSED))).toBeNull();
  });
  test("is not observed if the circuit breaker opens before it has gone round", () => {
    check([{ ...ENDED, flags: "UO" }], "could-not-look [envoy-inbound:15006 of 10.244.0.2:8080]");
  });
  test("that Envoy has dialled on, without further records, has no landing yet", () => {
    expect(landBehindEnvoy([PASSED])).toBeNull();
  });
});
