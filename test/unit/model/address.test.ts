import { isIPv4, SocketAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressBits,
  canonicalAddress,
  type Family,
  networkHolds,
  parseAddress,
  parseEndpoint,
  parseNetwork,
  prefixLength,
  prefixMask,
  renderAddress,
  renderEndpoint,
  renderNetwork,
  serverAddress,
} from "../../../harness/model/address.ts";

/** Addresses of both families, those with runs of zero groups and with embedded IPv4 addresses among them. */
const anyAddress = fc.oneof(
  fc.record({ family: fc.constant<Family>(4), value: fc.bigInt(0n, 2n ** 32n - 1n) }),
  fc.record({
    family: fc.constant<Family>(6),
    value: fc.oneof(
      fc.bigInt(0n, 2n ** 128n - 1n),
      fc.bigInt(0n, 2n ** 48n - 1n),
      fc
        .array(fc.oneof(fc.constant(0n), fc.bigInt(0n, 0xffffn)), { minLength: 8, maxLength: 8 })
        .map((groups) => groups.reduce((value, group) => (value << 16n) | group, 0n)),
    ),
  }),
);

/** What the C library's inet_ntop says, by way of Node. */
function askNode(text: string): string {
  return new SocketAddress({ address: text, family: text.includes(":") ? "ipv6" : "ipv4" }).address;
}

/** Texts that are nearly four numbers with dots between them. */
const nearlyFourParts = fc
  .array(fc.oneof(fc.nat(300).map(String), fc.constantFrom("", "0", "00", "01", "255", "256", "1e1", " 1")), {
    minLength: 3,
    maxLength: 5,
  })
  .chain((parts) => fc.constantFrom("", ".", " ").map((end) => parts.join(".") + end));

describe("an address", () => {
  test("of IPv4 is read where Node's net reads one, and nowhere else", () => {
    fc.assert(
      fc.property(fc.oneof(nearlyFourParts, fc.ipV4()), (text) => {
        expect(canonicalAddress(text)).toBe(isIPv4(text) ? text : null);
      }),
      { numRuns: 500 },
    );
  });

  const rows: readonly (readonly [string, string | null])[] = [
    ["10.0.0.1", "10.0.0.1"],
    ["::0001", "::1"],
    ["2001:DB8::5", "2001:db8::5"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::1.2.3.4", "::1.2.3.4"],
    ["::ffff:10.0.0.1", "::ffff:10.0.0.1"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
    ["010.0.0.1", null],
    ["10.0.0.256", null],
    ["10.1", null],
    ["0x7f.0.0.1", null],
    ["167772161", null],
    ["1::2::3", null],
    ["fe80::1%eth0", null],
    ["::01.2.3.4", null],
    ["::1.2.3.04", null],
    ["[::1]", null],
    ["::1.2.3.999", null],
    [" 10.0.0.1", null],
    ["localhost", null],
    ["", null],
  ];
  test.each(rows)("%o is %o in canonical text", (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected);
  });

  test("of a name server is given without its zone", () => {
    const servers = ["fe80::1%eth0", "fe80::0001%2", "10.96.0.10", "10.96.0.10%eth0", "fe80::1%", "dns"];
    expect(servers.map(serverAddress)).toEqual(["fe80::1", "fe80::1", "10.96.0.10", null, null, null]);
  });

  test("is the same after it is rendered and parsed", () => {
    fc.assert(
      fc.property(anyAddress, ({ family, value }) => {
        expect(parseAddress(renderAddress(family, value))).toEqual({ family, value });
      }),
    );
  });

  test("is rendered as the C library renders it", () => {
    fc.assert(
      fc.property(anyAddress, ({ family, value }) => {
        const text = renderAddress(family, value);
        expect(text).toBe(askNode(text));
      }),
    );
  });
});

describe("a network", () => {
  const rows: readonly (readonly [string, string | null])[] = [
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["10.1.2.3", "10.1.2.3/32"],
    ["10.0.0.0/255.0.0.0", "10.0.0.0/8"],
    ["10.0.0.1/255.0.255.0", "10.0.0.0/255.0.255.0"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["255.255.255.255/32", "255.255.255.255/32"],
    ["::1", "::1/128"],
    ["fd00::ffff/16", "fd00::/16"],
    ["2001:db8::1/ffff:ffff::", "2001:db8::/32"],
    ["10.0.0.0/33", null],
    ["::/129", null],
    ["10.0.0.0/ffff::", null],
    ["10.0.0.0/-1", null],
    ["10.0.0.0/", null],
    ["10.0.0.0/8/8", null],
    ["", null],
  ];
  test.each(rows)("%o is %o as iptables prints it", (text, expected) => {
    const network = parseNetwork(text);
    expect(network && renderNetwork(network)).toBe(expected);
  });

  const anyNetwork = anyAddress.chain(({ family, value }) =>
    fc
      .oneof(
        fc.integer({ min: 0, max: addressBits(family) }).map((length) => prefixMask(family, length)),
        fc.bigInt(0n, (1n << BigInt(addressBits(family))) - 1n),
      )
      .map((mask) => ({ family, value: value & mask, mask })),
  );

  test("is the same after it is rendered and parsed, whatever its mask", () => {
    fc.assert(
      fc.property(anyNetwork, (network) => {
        expect(parseNetwork(renderNetwork(network))).toEqual(network);
      }),
    );
  });

  test("holds exactly the addresses that share its prefix", () => {
    const network = { family: 4 as const, value: 0x0a600000n, mask: prefixMask(4, 16) };
    const edges = ["10.95.255.255", "10.96.0.0", "10.96.255.255", "10.97.0.0"];
    expect(edges.map((edge) => networkHolds(network, parseAddress(edge)?.value ?? -1n))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test("has the prefix length its mask was made from", () => {
    for (const family of [4, 6] as const) {
      for (let length = 0; length <= addressBits(family); length++) {
        expect(prefixLength({ family, value: 0n, mask: prefixMask(family, length) })).toBe(length);
      }
    }
  });
});

describe("an end point", () => {
  const rows: readonly (readonly [string, { address: string; port: number } | null])[] = [
    ["10.0.0.1:80", { address: "10.0.0.1", port: 80 }],
    ["[::1]:65535", { address: "::1", port: 65535 }],
    ["10.0.0.1:0", { address: "10.0.0.1", port: 0 }],
    ["10.0.0.1:65536", null],
    ["10.0.0.1:080", null],
    ["[10.0.0.1]:80", null],
    ["::1:80", null],
    ["10.0.0.1", null],
    ["pod:80", null],
    ["10.0.0.1:80 ", null],
  ];
  test.each(rows)("%o is %o", (text, expected) => {
    expect(parseEndpoint(text)).toEqual(expected);
  });

  test("is the same after it is rendered and parsed", () => {
    fc.assert(
      fc.property(anyAddress, fc.integer({ min: 0, max: 65535 }), ({ family, value }, port) => {
        const address = renderAddress(family, value);
        expect(parseEndpoint(renderEndpoint(address, port))).toEqual({ address, port });
      }),
    );
  });
});
