import { describe, expect, test } from "vitest";
import { renderCommands, renderPodCommands } from "../../../harness/formats/commands.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { renderList } from "../../../harness/formats/list.ts";
import { FAMILIES } from "../../../harness/model/address.ts";
import { deliverMarked, PASS_THROUGH_ON_LO, WHOLE_MARK } from "../../../harness/model/policy-routing.ts";

const SAVED = `*nat
:OUTPUT DROP [0:0]
:Z_CHAIN - [0:0]
:A_CHAIN - [0:0]
-A Z_CHAIN -m comment --comment "it\\'s $HOME" -j RETURN
-A OUTPUT ! -p tcp -j A_CHAIN
COMMIT
`;

function parse(family: 4 | 6) {
  const parsed = parseIptablesSave(SAVED, { where: "saved", family });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return parsed.value;
}

describe("iptables -S", () => {
  test("prints policies, then chains by name, then rules", () =>
    expect(renderList(parse(4), "nat")).toBe(
      [
        "-P PREROUTING ACCEPT",
        "-P INPUT ACCEPT",
        "-P OUTPUT DROP",
        "-P POSTROUTING ACCEPT",
        "-N A_CHAIN",
        "-N Z_CHAIN",
        "-A OUTPUT ! -p tcp -j A_CHAIN",
        '-A Z_CHAIN -m comment --comment "it\\\'s $HOME" -j RETURN',
        "",
      ].join("\n"),
    ));
  test("prints the policies of an absent table", () =>
    expect(renderList(parse(4), "raw")).toBe("-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n"));
});

describe("commands", () => {
  test("create chains first and are quoted for a shell", () =>
    expect(renderCommands(parse(6))).toEqual([
      "ip6tables -t nat -N Z_CHAIN",
      "ip6tables -t nat -N A_CHAIN",
      "ip6tables -t nat -P OUTPUT DROP",
      "ip6tables -t nat -A OUTPUT ! -p tcp -j A_CHAIN",
      "ip6tables -t nat -A Z_CHAIN -m comment --comment 'it'\\''s $HOME' -j RETURN",
    ]));
  test("of a pod begin with the policy routing that marks need", () =>
    expect(
      renderPodCommands({
        ip: { family: 4, tables: [] },
        ip6: null,
        policyRouting: {
          ...deliverMarked(FAMILIES, { value: 0x539, mask: WHOLE_MARK }, 133),
          addresses: [PASS_THROUGH_ON_LO],
        },
      }),
    ).toEqual([
      "ip -6 addr add ::6/128 dev lo",
      "ip rule add fwmark 0x539 lookup 133",
      "ip -6 rule add fwmark 0x539 lookup 133",
      "ip route add local default dev lo table 133",
      "ip -6 route add local ::/0 dev lo table 133",
    ]));
});
