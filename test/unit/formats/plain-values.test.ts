import fc from "fast-check";
import { expect, test } from "vitest";
import { readShortNetwork } from "../../../harness/formats/address-words.ts";
import { readPlainNetwork, readPlainPort } from "../../../harness/formats/plain-values.ts";

const whole = (text: string) => readPlainNetwork(text, 0, text.length);
const port = (text: string) => readPlainPort(text, 0, text.length);

const anyPart = fc.oneof(fc.nat(300).map(String), fc.constantFrom("0", "00", "01", "255", "256", "", "a"));
const anyLength = fc.constantFrom("", "/0", "/1", "/8", "/08", "/31", "/32", "/33", "/132", "/", "/-1", "/255.0.0.0");
const anyNetwork = fc
  .tuple(fc.array(anyPart, { minLength: 3, maxLength: 5 }), anyLength)
  .map(([parts, length]) => parts.join(".") + length);

test("a network that is plain is the one that -d names", () => {
  fc.assert(
    fc.property(fc.oneof(anyNetwork, fc.ipV4()), (text) => {
      const plain = whole(text);
      if (plain !== null) expect(plain).toEqual(readShortNetwork(text, 4));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["10.1.2.3/8", 0x0a000000n, 0xff000000n],
  ["10.1.2.3", 0x0a010203n, 0xffffffffn],
  ["255.255.255.255/32", 0xffffffffn, 0xffffffffn],
  ["255.255.255.255/1", 0x80000000n, 0x80000000n],
  ["0.0.0.0/32", 0n, 0xffffffffn],
])("%s is a plain network", (text, value, mask) => {
  expect(whole(text)).toEqual({ family: 4, value, mask });
  expect(readPlainNetwork(`-d ${text} -j X`, 3, 3 + text.length)).toEqual({ family: 4, value, mask });
});

test.each([
  "10.1/8",
  "010.0.0.1",
  "10.0.0.0/08",
  "10.0.0.1/0",
  "10.0.0.1/33",
  "10.0.0.1/",
  "/8",
  "10.0.0.256",
  "::1",
  "",
])("%s is no plain network", (text) => expect(whole(text)).toBeNull());

test.each([
  ["1", 1],
  ["80", 80],
  ["65535", 65_535],
  ["0", null],
  ["080", null],
  ["65536", null],
  ["100000", null],
  ["8o", null],
  ["", null],
])("%s as a port is %s", (text, expected) => expect(port(text)).toBe(expected));
