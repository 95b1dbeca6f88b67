import { expect, test } from "vitest";
import { shareRules } from "../../../harness/analysis/flows/shared-rules.ts";
import { listRules, type Ruleset } from "../../../harness/model/ruleset.ts";
import { nftRules } from "../nft-vectors.ts";

function read(...rules: readonly string[]): Ruleset {
  const set = "set s { type inet_service; elements = { 80 } }";
  const { ip } = nftRules(
    `table ip t { ${set}\n chain o { type filter hook output priority 0;\n${rules.join("\n")}\n } }`,
  );
  if (ip === null) throw new Error("no rules for IPv4");
  return ip;
}

/** Says of each rule of the second rule set whether it has the very matches and target of a rule of the first. */
function listShared(first: Ruleset, second: Ruleset): readonly boolean[] {
  const [before, after] = shareRules([first, second]).map((ruleset) => listRules(ruleset));
  return (after ?? []).map(({ matches, target }) =>
    (before ?? []).some((rule) => rule.matches === matches && rule.target === target),
  );
}

const [ONE, TWO, THREE] = ["tcp dport 1 drop", "tcp dport 2 drop", "tcp dport @s drop"];

test("rules that both have are shared, wherever in their chain they stand", () => {
  expect(listShared(read(ONE, TWO, THREE), read(ONE, "tcp dport 9 accept", TWO, THREE))).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test("nothing but matches and target is shared", () => {
  const second = read("tcp dport 9 drop", ONE);
  const [, shared] = shareRules([read(ONE), second]);
  expect(shared).toEqual(second);
});

test("rules of one text are not shared where they mean different things", () => {
  const other: Ruleset = JSON.parse(
    JSON.stringify(read(THREE), (_, value) => (typeof value === "bigint" ? `${value}n` : value)),
    (_, value) => (typeof value === "string" && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) + 1n : value),
  );
  expect(listRules(other)[0]?.text).toBe(THREE);
  expect(listShared(read(THREE), other)).toEqual([false]);
});

test("one rule set is given back as it is", () => {
  const only = read(ONE);
  expect(shareRules([only])).toEqual([only]);
});

test("rules that a program made of objects without a prototype are compared like any others", () => {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== "object" || value === null) return value;
    return Object.assign(Object.create(null), ...Object.entries(value).map(([key, own]) => ({ [key]: copy(own) })));
  };
  const bare = (ruleset: Ruleset) => copy(ruleset) as Ruleset;
  expect(listShared(bare(read(ONE, TWO)), bare(read(ONE, "tcp dport 9 accept")))).toEqual([true, false]);
  expect(listShared(read(ONE), bare(read(ONE)))).toHaveLength(1);
});
