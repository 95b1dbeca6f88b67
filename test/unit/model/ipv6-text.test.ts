import { isIPv6 } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readIpv6, renderIpv6 } from "../../../harness/model/ipv6-text.ts";

test.each([
  ["::", 0n, "::"],
  ["::1", 1n, "::1"],
  ["1:2:3:4:5:6:7::", 0x1_0002_0003_0004_0005_0006_0007_0000n, "1:2:3:4:5:6:7:0"],
  ["FD00:0::0:A", 0xfd00_0000_0000_0000_0000_0000_0000_000an, "fd00::a"],
  ["1:0:0:2:0:0:0:3", 0x1_0000_0000_0002_0000_0000_0000_0003n, "1:0:0:2::3"],
  ["::1.2.3.4", 0x1020304n, "::102:304"],
])("%s is %o, and its shortest text is %s", (text, value, shortest) => {
  expect(readIpv6(text)).toBe(value);
  expect(renderIpv6(value)).toBe(shortest);
});

test.each([
  "",
  "1",
  "::1%eth0",
  "::1]",
  "::1]:80",
  "::1/64",
  "[::1]",
  " ::1",
  "::1\n",
  ":\t:1",
  "1.2.3.4",
  "::01.2.3.4",
])("%j is no IPv6 address", (text) => {
  expect(readIpv6(text)).toBeNull();
});

const piece = fc.constantFrom("::", ":", ":", ":", ".", "0", "1", "00", "ffff", "12345", "A", "g", "255", "256", "01");

test("a text is read exactly where the C library reads it, and its shortest text has the same value", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV6(),
        fc.array(piece, { maxLength: 18 }).map((pieces) => pieces.join("")),
      ),
      (text) => {
        const value = readIpv6(text);
        expect(value !== null).toBe(isIPv6(text));
        if (value !== null) expect(readIpv6(renderIpv6(value))).toBe(value);
      },
    ),
    { numRuns: 2_000 },
  );
});
