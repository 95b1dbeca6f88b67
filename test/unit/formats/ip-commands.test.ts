import fc from "fast-check";
import { expect, test } from "vitest";
import { parseIpCommands, renderIpCommands } from "../../../harness/formats/ip-commands.ts";
import { parseRoutingTexts, renderRoutingTexts } from "../../../harness/formats/routing-texts.ts";
import { parseRoutingRule, parseTableRoute } from "../../../harness/formats/routing-words.ts";
import { isSameRule } from "../../../harness/formats/same-routing.ts";
import { addressBits, FAMILIES, type Family, prefixMask, renderAddress } from "../../../harness/model/address.ts";
import { lookUpMarked, type PolicyRouting, WHOLE_MARK } from "../../../harness/model/policy-routing.ts";

const arbitraryFamily = fc.constantFrom(...FAMILIES);
const arbitraryNumber = fc.integer({ min: 1, max: WHOLE_MARK });
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });

function arbitraryNetwork(family: Family) {
  const bits = addressBits(family);
  return fc
    .tuple(fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }), fc.integer({ min: 1, max: bits }))
    .map(([value, length]) => ({
      family,
      value: value & prefixMask(family, length),
      mask: prefixMask(family, length),
    }));
}

const arbitraryMark = fc
  .tuple(fc.integer({ min: 0, max: WHOLE_MARK }), arbitraryNumber)
  .map(([value, mask]) => ({ value: (value & mask) >>> 0, mask }));

const arbitraryRule = arbitraryFamily.chain((family) =>
  fc.record({
    kind: fc.constant("lookup" as const),
    family: fc.constant(family),
    priority: orNull(fc.integer({ min: 0, max: WHOLE_MARK })),
    from: orNull(arbitraryNetwork(family)),
    to: orNull(arbitraryNetwork(family)),
    fwmark: orNull(arbitraryMark),
    iif: orNull(fc.constantFrom("lo", "eth0")),
    uidRange: orNull(fc.tuple(arbitraryNumber, arbitraryNumber).map(([first, last]) => ({ first, last }))),
    table: arbitraryNumber,
  }),
);

const arbitraryRoute = arbitraryFamily.chain((family) =>
  fc.record({
    kind: fc.constantFrom("local" as const, "unicast" as const),
    family: fc.constant(family),
    to: orNull(arbitraryNetwork(family)),
    via: orNull(arbitraryNetwork(family).map(({ value }) => renderAddress(family, value))),
    dev: fc.constantFrom("lo", "eth0"),
    metric: orNull(fc.integer({ min: 1, max: WHOLE_MARK }).filter((metric) => metric !== 1024)),
    table: arbitraryNumber,
  }),
);

const arbitraryAddress = arbitraryFamily.chain((family) =>
  fc.record({
    address: arbitraryNetwork(family).map(({ value }) => renderAddress(family, value)),
    prefixLength: fc.integer({ min: 0, max: addressBits(family) }),
  }),
);

const arbitraryRouting: fc.Arbitrary<PolicyRouting> = fc.record({
  rules: fc.array(arbitraryRule, { maxLength: 3 }),
  routes: fc.array(arbitraryRoute, { maxLength: 3 }),
  addresses: fc.array(arbitraryAddress, { maxLength: 2 }),
});

test("commands, and the texts in JSON, parse back to what they were rendered from", () => {
  fc.assert(
    fc.property(arbitraryRouting, (routing) => {
      expect(parseIpCommands(renderIpCommands(routing))).toEqual({ routing, others: [] });
      expect(parseRoutingTexts(renderRoutingTexts(routing))).toEqual(routing);
    }),
  );
});

test("commands for IPv6 begin with -6, as ip requires", () => {
  const lines = [
    "ip -6 addr add ::6/128 dev lo",
    "ip rule add fwmark 0x539 lookup 133",
    "ip -6 rule add pref 32764 fwmark 0x111/0xfff lookup 100",
    "ip route add local default dev lo table 133",
    "ip -6 route add local ::/0 dev lo table 133",
  ];
  expect(renderIpCommands(parseIpCommands(lines).routing)).toEqual(lines);
  expect(parseIpCommands(["ip link set lo up", "iptables -F", "ip addr add 10.0.0.1/8 dev eth0"]).others).toHaveLength(
    3,
  );
});

test("a mark of 0 without a mask matches everything, as in the kernel, and a mark is masked", () => {
  const markOf = (text: string) => {
    const rule = parseRoutingRule(text, 4);
    return rule.kind === "lookup" ? rule.fwmark : rule.kind;
  };
  expect(markOf("fwmark 0 lookup 7")).toBeNull();
  expect(markOf("fwmark 0x0/0xff lookup 7")).toEqual({ value: 0, mask: 0xff });
  expect(markOf("fwmark 0x1ff/0xff lookup 7")).toEqual({ value: 0xff, mask: 0xff });
  expect(markOf("fwmark 1337 lookup 7")).toEqual({ value: 0x539, mask: WHOLE_MARK });
});

test.each([
  ...[
    "lookup",
    "fwmark 0x1",
    "fwmark zero lookup 7",
    "fwmark 1/2/3 lookup 7",
    "not fwmark 1 lookup 7",
    "fwmark 1 lookup istio",
  ],
  ...[
    "fwmark 1 lookup 0",
    "fwmark 1 lookup 7 suppress_prefixlength 0",
    "from ::1 lookup 7",
    "fwmark 1 fwmark 2 lookup 7",
  ],
])("a rule that is not understood is kept as text: %s", (text) => {
  expect(parseRoutingRule(text, 4)).toEqual({ kind: "unknown", family: 4, text });
});

test.each([
  "nat 10.0.0.0/8 table 7",
  "default table 7",
  "default dev eth0 src 10.0.0.1 table 7",
  "default dev eth0 onlink table 7",
])("a route that is not understood is kept as text: %s", (text) => {
  expect(parseTableRoute(text, 4)).toEqual({ kind: "unknown", family: 4, text });
});

test("rules are equal by their selectors, and by priority if both have one", () => {
  const rule = lookUpMarked(4, { value: 1, mask: WHOLE_MARK }, 7);
  const [early, late] = [5, 6].map((priority) => ({ ...rule, priority }));
  expect([early, late].map((other) => other && isSameRule(rule, other))).toEqual([true, true]);
  expect(early && late && isSameRule(early, late)).toBe(false);
  expect(isSameRule(rule, { ...rule, family: 6 })).toBe(false);
  expect(isSameRule(rule, { ...rule, fwmark: { value: 1, mask: 0xff } })).toBe(false);
});
