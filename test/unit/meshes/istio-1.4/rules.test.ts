import { describe, expect, test } from "vitest";
import { renderList } from "../../../../harness/formats/list.ts";
import { renderRoutingTexts } from "../../../../harness/formats/routing-texts.ts";
import { generateRules } from "../../../../harness/meshes/istio-1.4/rules.ts";
import type { TABLE_NAMES } from "../../../../harness/model/iptables-tables.ts";
import type { Ruleset } from "../../../../harness/model/ruleset.ts";
import golden from "../../../golden/istio-1.4.json" with { type: "json" };
import { type Around, accept, refuse } from "./capture-setup.ts";

/** One recorded case; lines of other people's rules, put there before, are in its state too. */
const FOREIGN = /--dport [12] /;

function linesOf(ruleset: Ruleset | null, table: (typeof TABLE_NAMES)[number]): readonly string[] {
  const lines = ruleset ? renderList(ruleset, table).split("\n") : [];
  return lines.filter((line) => /^-[NA] /.test(line));
}

/** Checks the rules of a command line in one table: the lines of `iptables -S`, policies aside. */
function check(
  words: readonly string[],
  place: `${"ip" | "ip6"} ${"nat" | "mangle" | "filter"}`,
  expected: readonly string[],
  around: Around = {},
) {
  const [family, table] = place.split(" ") as ["ip" | "ip6", "nat" | "mangle" | "filter"];
  expect(linesOf(generateRules(accept(words, around).config)[family], table)).toEqual(expected);
}

describe("the recorded cases", () => {
  for (const vector of golden.vectors) {
    const around: Around = { environment: vector.env as Record<string, string>, podIps: vector.podIps };
    if (vector.expect === "refuse") {
      test(`${vector.name} is refused`, () => expect(refuse(vector.args, around).length).toBeGreaterThan(0));
      continue;
    }
    test(`${vector.name} gives the recorded rules`, () => {
      const rules = generateRules(accept(vector.args, around).config);
      const { ipRule, ip6Rule, ipRoute, loAddr, ...tables } = vector.state as Record<string, string[]>;
      const own = Object.fromEntries(
        Object.entries(tables).map(([table, lines]) => [table, lines.filter((line) => !FOREIGN.test(line))]),
      );
      expect({
        nat: linesOf(rules.ip, "nat"),
        mangle: linesOf(rules.ip, "mangle"),
        filter: linesOf(rules.ip, "filter"),
        ip6nat: linesOf(rules.ip6, "nat"),
        ip6mangle: linesOf(rules.ip6, "mangle"),
        ip6filter: linesOf(rules.ip6, "filter"),
      }).toEqual(own);
      const { rules: fwmarks, routes, addresses } = renderRoutingTexts(rules.policyRouting);
      expect(fwmarks.map((rule) => `32765: from all ${rule}`)).toEqual(ipRule);
      expect(ip6Rule).toEqual([]);
      expect(routes.map((route) => `${route} scope host`)).toEqual(ipRoute);
      expect(addresses.map((address) => address.replace(/^(\S+) dev lo$/, "lo inet6 $1 scope global"))).toEqual(loAddr);
    });
  }
});

describe("cases without a recording", () => {
  const IPV6: Around = { podIps: ["2001:db8::5"] };

  test("kubevirt interfaces and their ranges stand in reverse order, captures first", () => {
    check(["-u", "5", "-i", "10.0.0.0/8,10.96.0.0/12", "-k", "net1,net2", "-b", "80"], "ip nat", [
      "-N ISTIO_INBOUND",
      "-N ISTIO_IN_REDIRECT",
      "-N ISTIO_OUTPUT",
      "-N ISTIO_REDIRECT",
      "-A PREROUTING -d 10.96.0.0/12 -i net2 -j ISTIO_REDIRECT",
      "-A PREROUTING -d 10.96.0.0/12 -i net1 -j ISTIO_REDIRECT",
      "-A PREROUTING -d 10.0.0.0/8 -i net2 -j ISTIO_REDIRECT",
      "-A PREROUTING -d 10.0.0.0/8 -i net1 -j ISTIO_REDIRECT",
      "-A PREROUTING -i net2 -j RETURN",
      "-A PREROUTING -i net1 -j RETURN",
      "-A PREROUTING -p tcp -j ISTIO_INBOUND",
      "-A OUTPUT -p tcp -j ISTIO_OUTPUT",
      "-A ISTIO_INBOUND -p tcp -m tcp --dport 80 -j ISTIO_IN_REDIRECT",
      "-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
      "-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN",
      "-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -j ISTIO_IN_REDIRECT",
      "-A ISTIO_OUTPUT -m owner --uid-owner 5 -j RETURN",
      "-A ISTIO_OUTPUT -m owner --gid-owner 5 -j RETURN",
      "-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN",
      "-A ISTIO_OUTPUT -d 10.0.0.0/8 -j ISTIO_REDIRECT",
      "-A ISTIO_OUTPUT -d 10.96.0.0/12 -j ISTIO_REDIRECT",
      "-A ISTIO_OUTPUT -j RETURN",
      "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
    ]);
  });

  test("an IPv6 pod with the wildcard lets its interfaces pass, and ignores loopback and TPROXY settings", () => {
    const around = { ...IPV6, environment: { DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK: "1" } };
    check(
      ["-u", "5-7", "-m", "TPROXY", "-i", "*", "-k", "net1,net2", "-b", "8000:8100", "-x", "::/0"],
      "ip6 nat",
      [
        "-N ISTIO_INBOUND",
        "-N ISTIO_IN_REDIRECT",
        "-N ISTIO_OUTPUT",
        "-N ISTIO_REDIRECT",
        "-A PREROUTING -i net2 -j RETURN",
        "-A PREROUTING -i net1 -j RETURN",
        "-A PREROUTING -p tcp -j ISTIO_INBOUND",
        "-A OUTPUT -p tcp -j ISTIO_OUTPUT",
        "-A ISTIO_INBOUND -p tcp -m tcp --dport 8000:8100 -j ISTIO_IN_REDIRECT",
        "-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
        "-A ISTIO_OUTPUT -s ::6/128 -o lo -j RETURN",
        "-A ISTIO_OUTPUT ! -d ::1/128 -o lo -j ISTIO_IN_REDIRECT",
        "-A ISTIO_OUTPUT -m owner --uid-owner 5-7 -j RETURN",
        "-A ISTIO_OUTPUT -m owner --gid-owner 5-7 -j RETURN",
        "-A ISTIO_OUTPUT -d ::1/128 -j RETURN",
        "-A ISTIO_OUTPUT -j RETURN",
        "-A ISTIO_OUTPUT -j ISTIO_REDIRECT",
        "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
      ],
      around,
    );
  });

  test("an IPv6 pod has no guard, a pod of two families has it whichever address comes first", () => {
    check([], "ip6 filter", [], IPV6);
    for (const podIps of [["10.0.0.5", "2001:db8::5"], ["2001:db8::5", "10.0.0.5"], []]) {
      check([], "ip6 nat", [], { podIps });
      check(
        [],
        "ip6 filter",
        [
          "-A INPUT -m state --state ESTABLISHED -j ACCEPT",
          "-A INPUT -d ::1/128 -i lo -j ACCEPT",
          "-A INPUT -j REJECT --reject-with icmp6-port-unreachable",
        ],
        { podIps },
      );
    }
  });

  test("a port list under TPROXY has the socket rule twice, and no exclusions", () => {
    check(["-m", "TPROXY", "-b", "22,8000:8100", "-d", "8080"], "ip mangle", [
      "-N ISTIO_DIVERT",
      "-N ISTIO_INBOUND",
      "-N ISTIO_TPROXY",
      "-A PREROUTING -p tcp -j ISTIO_INBOUND",
      "-A ISTIO_DIVERT -j MARK --set-xmark 0x539/0xffffffff",
      "-A ISTIO_DIVERT -j ACCEPT",
      "-A ISTIO_INBOUND -p tcp -m tcp --dport 22 -m socket -j ISTIO_DIVERT",
      "-A ISTIO_INBOUND -p tcp -m tcp --dport 22 -m socket -j ISTIO_DIVERT",
      "-A ISTIO_INBOUND -p tcp -m tcp --dport 22 -j ISTIO_TPROXY",
      "-A ISTIO_INBOUND -p tcp -m tcp --dport 8000:8100 -m socket -j ISTIO_DIVERT",
      "-A ISTIO_INBOUND -p tcp -m tcp --dport 8000:8100 -m socket -j ISTIO_DIVERT",
      "-A ISTIO_INBOUND -p tcp -m tcp --dport 8000:8100 -j ISTIO_TPROXY",
      "-A ISTIO_TPROXY ! -d 127.0.0.1/32 -p tcp -j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff",
    ]);
  });

  test("exclusions stand before everything else, whatever is included", () => {
    check(["-u", "5", "-o", "3306,80:90", "-x", "10.1.0.0/16,0.0.0.0/0"], "ip nat", [
      "-N ISTIO_IN_REDIRECT",
      "-N ISTIO_OUTPUT",
      "-N ISTIO_REDIRECT",
      "-A OUTPUT -p tcp -j ISTIO_OUTPUT",
      "-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
      "-A ISTIO_OUTPUT -p tcp -m tcp --dport 3306 -j RETURN",
      "-A ISTIO_OUTPUT -p tcp -m tcp --dport 80:90 -j RETURN",
      "-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN",
      "-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -j ISTIO_IN_REDIRECT",
      "-A ISTIO_OUTPUT -m owner --uid-owner 5 -j RETURN",
      "-A ISTIO_OUTPUT -m owner --gid-owner 5 -j RETURN",
      "-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN",
      "-A ISTIO_OUTPUT -d 10.1.0.0/16 -j RETURN",
      "-A ISTIO_OUTPUT -j RETURN",
      "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
    ]);
  });
});
