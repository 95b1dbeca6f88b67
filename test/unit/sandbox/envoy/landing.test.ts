import { describe, expect, test } from "vitest";
import { type AccessLogEntry, parseAccessLog } from "../../../../harness/sandbox/envoy/access-log.ts";
import { landBehindEnvoy, passagesTo } from "../../../../harness/sandbox/envoy/landing.ts";

/** As Envoy 1.40 wrote them for a call of the pod to its own address: accepted at 15006, dialled on from 127.0.0.6. */
const INBOUND: AccessLogEntry = {
  listener: "envoy-inbound",
  port: 15006,
  source: "10.244.0.2:39364",
  accepted: "127.0.0.1:15006",
  destination: "10.244.0.2:8080",
  onwardSource: "127.0.0.6:60808",
  flags: "-",
  failure: null,
};
const FAILED = {
  ...INBOUND,
  onwardSource: null,
  flags: "UF,URX",
  failure: "delayed_connect_error:_Connection_refused",
};

function check(entries: readonly AccessLogEntry[], expected: string): void {
  const landing = landBehindEnvoy(entries);
  const hops = landing?.hops.map((hop) => `${hop.listener}:${hop.port} of ${hop.originalDestination}`).join(", ");
  const at = landing?.listener ? ` ${landing.listener}:${landing.port} of ${landing.originalDestination}` : "";
  expect(`${landing?.kind}${at} [${hops}]`).toBe(expected);
}

describe("behind Envoy a flow", () => {
  test("that nobody accepts is refused after the passage", () => {
    check([FAILED], "refused [envoy-inbound:15006 of 10.244.0.2:8080]");
  });
  test("that nobody answers has timed out, since Envoy then gives no reason", () => {
    check([{ ...FAILED, failure: null }], "timed-out [envoy-inbound:15006 of 10.244.0.2:8080]");
  });
  test("to a network that is not there is unreachable", () => {
    const failure = "immediate_connect_error:_Network_is_unreachable";
    check([{ ...FAILED, failure }], "unreachable [envoy-inbound:15006 of 10.244.0.2:8080]");
  });
  test("that is closed because it was meant for the proxy landed on the proxy", () => {
    const meant = { ...FAILED, flags: "UH", failure: null, destination: "10.244.0.2:15001" };
    check([meant], "listener envoy-inbound:15006 of 10.244.0.2:15001 []");
  });
  test("dialled straight to a port of the proxy has no original destination", () => {
    const straight = { ...FAILED, flags: "UH", failure: null, destination: "127.0.0.1:15006" };
    check([straight], "listener envoy-inbound:15006 of null []");
  });
  test("taken by TPROXY has the address it was accepted under for its original destination", () => {
    const taken = { ...FAILED, listener: "envoy-outbound", port: 15001, accepted: "10.244.0.2:8080" } as const;
    check([taken], "refused [envoy-outbound:15001 of 10.244.0.2:8080]");
  });
  test("that goes round until the circuit breaker opens is a loop of eight hops", () => {
    const round = Array.from({ length: 20 }, (_, i) => ({
      ...INBOUND,
      source: `127.0.0.6:${i}`,
      onwardSource: `127.0.0.6:${i + 1}`,
    }));
    const broken = { ...FAILED, source: "127.0.0.6:20", flags: "UO" };
    check([broken, ...round], `loop [${Array(8).fill("envoy-inbound:15006 of 10.244.0.2:8080").join(", ")}]`);
  });
  test("that Envoy says nothing of has no landing here", () => {
    expect(landBehindEnvoy([INBOUND])).toBeNull();
  });
});

describe("the way to a listener", () => {
  test("is followed back through every passage, whatever other flows left in the log", () => {
    const first = { ...INBOUND, source: "10.244.0.3:1", onwardSource: "127.0.0.6:2" };
    const second = { ...INBOUND, source: "127.0.0.6:2", onwardSource: "127.0.0.1:3" };
    expect(passagesTo("127.0.0.1:3", [second, INBOUND, first])).toEqual([first, second]);
  });
  test("of a flow that never met Envoy is empty", () => {
    expect(passagesTo("10.244.0.3:1", [INBOUND])).toEqual([]);
  });
  test("is read from finished lines alone", () => {
    expect(parseAccessLog(`${JSON.stringify(INBOUND)}\n{"listener":"env`)).toEqual([INBOUND]);
  });
});
