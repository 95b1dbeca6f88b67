import { describe, expect, test } from "vitest";
import { type Claim, type HookRule, NOTHING_OWN, type OwnTable, ownTable } from "../../../harness/apply/own-rules.ts";
import { planTable, renderPlan } from "../../../harness/apply/plan.ts";
import { isInUse, parseRulesState } from "../../../harness/apply/rules-state.ts";

function table(
  chains: Readonly<Record<string, readonly string[]>>,
  ...hooks: readonly (readonly [string, string, HookRule["place"]])[]
): OwnTable {
  return {
    chains: new Map(Object.entries(chains)),
    hooks: hooks.map(([chain, body, place]) => ({ chain, body, place })),
  };
}

describe("a plan for one table", () => {
  const jump = ["OUTPUT", "-p tcp -j ISTIO_OUTPUT", "bottom"] as const;
  const rows: readonly (readonly [string, OwnTable, OwnTable, readonly string[]])[] = [
    ["nothing to nothing", NOTHING_OWN, NOTHING_OWN, []],
    [
      "the same to the same, wherever it stands",
      table({ ISTIO_OUTPUT: ["-j RETURN"] }, ["OUTPUT", "-p tcp -j ISTIO_OUTPUT", 3]),
      table({ ISTIO_OUTPUT: ["-j RETURN"] }, jump),
      [],
    ],
    [
      "a first time",
      NOTHING_OWN,
      table(
        { ISTIO_OUTPUT: ["-j RETURN"] },
        jump,
        ["PREROUTING", "-i a -j RETURN", "top"],
        ["PREROUTING", "-i b -j RETURN", "top"],
      ),
      [
        ":ISTIO_OUTPUT - [0:0]",
        "-A ISTIO_OUTPUT -j RETURN",
        "-A OUTPUT -p tcp -j ISTIO_OUTPUT",
        "-I PREROUTING 1 -i a -j RETURN",
        "-I PREROUTING 2 -i b -j RETURN",
      ],
    ],
    [
      "a changed chain, its jump left where it is",
      table({ ISTIO_OUTPUT: ["-j RETURN"] }, ["OUTPUT", "-p tcp -j ISTIO_OUTPUT", 2]),
      table({ ISTIO_OUTPUT: [] }, jump),
      [":ISTIO_OUTPUT - [0:0]"],
    ],
    [
      "everything out, from below",
      table({ ISTIO_OUTPUT: [] }, ["OUTPUT", "-p tcp -j ISTIO_OUTPUT", 2], ["OUTPUT", "-j ISTIO_OUTPUT", 4]),
      NOTHING_OWN,
      [":ISTIO_OUTPUT - [0:0]", "-D OUTPUT 4", "-D OUTPUT 2", "-X ISTIO_OUTPUT"],
    ],
    [
      "back to a numbered place",
      NOTHING_OWN,
      table({}, ["OUTPUT", "-j RETURN", 1], ["OUTPUT", "-j DROP", 3]),
      ["-I OUTPUT 1 -j RETURN", "-I OUTPUT 3 -j DROP"],
    ],
  ];
  for (const [claim, current, wanted, lines] of rows)
    test(claim, () => expect(planTable(current, wanted)).toEqual(lines));

  test("leaves out tables without lines", () => {
    expect(
      renderPlan(
        new Map([
          ["mangle", []],
          ["nat", ["-X A"]],
        ]),
      ),
    ).toBe("*nat\n-X A\nCOMMIT\n");
    expect(renderPlan(new Map([["nat", []]]))).toBe("");
  });
});

describe("what is ours in a table", () => {
  const save = `*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ISTIO_REDIRECT - [0:0]
:MINE - [0:0]
-A PREROUTING -i net1 -j RETURN
-A PREROUTING -i net1 -j RETURN
-A PREROUTING -p tcp -j MINE
-A OUTPUT -m comment --comment "-j ISTIO_REDIRECT" -j RETURN
-A OUTPUT -j ISTIO_REDIRECT
-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
-A MINE -g ISTIO_REDIRECT
COMMIT
`;
  const net1 = { family: 4, table: "nat", chain: "PREROUTING", body: "-i net1 -j RETURN" } as const;
  const places = (claim: Claim) =>
    ownTable(parseRulesState(save).get("nat"), 4, "nat", claim).hooks.map(({ chain, place }) => `${chain} ${place}`);

  test("every rule that jumps to our chains is ours, even in a foreign chain", () => {
    expect(places({ kind: "none" })).toEqual(["OUTPUT 2", "MINE 1"]);
  });

  test("rules that look like ours are ours if all of them are claimed", () => {
    expect(places({ kind: "all" })).toEqual(["PREROUTING 1", "PREROUTING 2", "OUTPUT 2", "MINE 1"]);
  });

  test("is deleted by its text, unless a foreign rule has the same text or iptables might not read it again", () => {
    const ways = ownTable(parseRulesState(save).get("nat"), 4, "nat", {
      kind: "recorded",
      made: [{ ...net1, foreign: 1 }],
    });
    expect(ways.hooks.map(({ place, goesBy }) => [place, goesBy])).toEqual([
      [1, "number"],
      [2, "words"],
      [1, "number"],
    ]);
    expect(planTable(ways, NOTHING_OWN)).toEqual([
      ":ISTIO_REDIRECT - [0:0]",
      "-D PREROUTING 1",
      "-D OUTPUT -j ISTIO_REDIRECT",
      "-D MINE 1",
      "-X ISTIO_REDIRECT",
    ]);
  });

  test("of recorded rules, as many are ours as there are beyond the foreign ones with the same text", () => {
    expect(places({ kind: "recorded", made: [{ ...net1, foreign: 1 }] })).toEqual([
      "PREROUTING 1",
      "OUTPUT 2",
      "MINE 1",
    ]);
    expect(places({ kind: "recorded", made: [{ ...net1, foreign: 2 }] })).toEqual(["OUTPUT 2", "MINE 1"]);
  });

  test("a table is in use once it has a rule, or a policy other than ACCEPT", () => {
    expect(isInUse(parseRulesState("*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"))).toBe(false);
    expect(isInUse(parseRulesState("*nat\n:OUTPUT DROP [0:0]\nCOMMIT\n"))).toBe(true);
    expect(isInUse(parseRulesState(save))).toBe(true);
  });
});
