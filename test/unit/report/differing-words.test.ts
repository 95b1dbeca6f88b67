import { expect, test } from "vitest";
import { describeDifference } from "../../../harness/report/differing-words.ts";

test.each([
  [
    "-A X -p udp -j REDIRECT --to-ports 15503",
    "-A X -p udp -j REDIRECT --to-ports 15053",
    "--to-ports 15503 instead of --to-ports 15053",
  ],
  [
    "-A X -m mark ! --mark 0x539 -j RETURN",
    "-A X -m mark ! --mark 0x539/0xfff -j RETURN",
    "--mark 0x539 instead of --mark 0x539/0xfff",
  ],
  ["-A X -p tcp -j RETURN", "-A X -p tcp -j ACCEPT", "-j RETURN instead of -j ACCEPT"],
  ["-A X -p tcp ! --dport 9443 -j RETURN", "-A X -p tcp -j RETURN", "! --dport 9443 is too much"],
  ["-A X -j RETURN", "-A X -o lo -j RETURN", "-o lo is missing"],
  [
    "meta skuid != 1373 counter packets 7 bytes 420 return",
    "meta skuid != 1337 counter return",
    "skuid != 1373 instead of skuid != 1337",
  ],
])("%s, %s", (rule, required, said) => {
  expect(describeDifference(rule, required)).toBe(said);
});

test("rules that are alike, or differ in many words, are left to the reader", () => {
  expect(describeDifference("-A X -j RETURN", "-A X -j RETURN")).toBeNull();
  expect(
    describeDifference("-A X -j RETURN", "-A Y -s 1.2.3.4/32 -d 5.6.7.8/32 -p tcp -m tcp --dport 1 -j DROP"),
  ).toBeNull();
});
