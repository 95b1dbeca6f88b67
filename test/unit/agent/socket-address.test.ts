import { describe, expect, test } from "vitest";
import { decodeSocketAddress, encodeSocketAddress, renderEndpoint } from "../../../harness/agent/socket-address.ts";

describe("a socket address", () => {
  test.each([
    ["10.244.0.2", 8080, "02001f900af40002", 16],
    ["255.255.255.255", 65535, "0200ffffffffffff", 16],
    ["::1", 1, "0a000001000000000000000000000000000000000000000100000000", 28],
    ["2001:db8::5", 443, "0a0001bb0000000020010db800000000000000000000000500000000", 28],
  ])("%s port %i has the kernel's bytes, and they read back", (address, port, hex, length) => {
    const bytes = encodeSocketAddress({ address, port });
    expect(bytes.toString("hex").slice(0, hex.length)).toBe(hex);
    expect(bytes.length).toBe(length);
    expect(decodeSocketAddress(bytes)).toEqual({ address, port });
  });

  test("is refused if the text is not an address", () => {
    expect(() => encodeSocketAddress({ address: "10.0.0.256", port: 1 })).toThrow('"10.0.0.256" is not an address');
  });

  test("has brackets around IPv6 addresses only", () => {
    expect(renderEndpoint({ address: "::1", port: 80 })).toBe("[::1]:80");
    expect(renderEndpoint({ address: "127.0.0.1", port: 80 })).toBe("127.0.0.1:80");
  });
});
