import { expect, test } from "vitest";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { listRulesetTargets } from "../../../harness/model/rule-parts.ts";

test("the targets of a rule set are those of all its chains, each once where rules share it, and none of a dormant table", () => {
  const text = `*nat
:OUTPUT ACCEPT [0:0]
:MINE - [0:0]
-A OUTPUT -d 10.0.0.1/32 -j RETURN
-A OUTPUT -d 10.0.0.2/32 -j RETURN
-A OUTPUT -d 10.0.0.3/32 -j MINE
-A MINE -m comment --comment "only counts"
-A MINE -p tcp -j REDIRECT --to-ports 1
COMMIT
*filter
:INPUT ACCEPT [0:0]
-A INPUT -j DROP
COMMIT
`;
  const parsed = parseIptablesSave(text, { where: "rules", family: 4 });
  if (!parsed.ok) throw new Error("the rules are not read");
  const [nat, filter] = parsed.value.tables;
  if (!nat || !filter) throw new Error("a table is missing");
  const kinds = (tables: readonly (typeof nat)[]) => listRulesetTargets({ family: 4, tables }).map(({ kind }) => kind);
  expect(kinds([nat, filter])).toEqual(["return", "jump", "redirect", "drop"]);
  expect(kinds([nat, { ...filter, isDormant: true }])).toEqual(["return", "jump", "redirect"]);
  expect(listRulesetTargets(null)).toEqual([]);
});
