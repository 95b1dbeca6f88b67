import { describe, expect, test } from "vitest";
import { makeFailureLanding } from "../../../harness/agent/landings.ts";

function check(code: string, expected: string): void {
  const { kind, cause } = makeFailureLanding(code, [], "connect to 10.0.0.1:80");
  expect(cause === undefined ? kind : `${kind}: ${cause}`).toBe(expected);
}

describe("an error of the kernel means for a flow", () => {
  test.each([
    ["ECONNREFUSED", "refused"],
    ["ECONNRESET", "reset"],
    ["EPIPE", "reset"],
    ["ETIMEDOUT", "timed-out"],
    ["ENETUNREACH", "unreachable"],
    ["EHOSTUNREACH", "unreachable"],
    ["EACCES", "unreachable"],
    ["ENOPROTOOPT", "unreachable"],
    ["EADDRNOTAVAIL", "could-not-look: connect to 10.0.0.1:80: EADDRNOTAVAIL"],
    ["EMFILE", "could-not-look: connect to 10.0.0.1:80: EMFILE"],
    ["EPERM", "could-not-look: connect to 10.0.0.1:80: EPERM"],
  ])("%s: %s", check);
});
