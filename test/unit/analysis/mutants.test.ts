import { describe, expect, test } from "vitest";
import { makeMutants } from "../../../harness/analysis/mutants/mutants.ts";
import { parseIptablesSave, renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { generateRules } from "../../../harness/meshes/istio-1.4/rules.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import type { PodRules } from "../../../harness/model/ruleset.ts";
import { configOf } from "../meshes/istio-1.4/intent-setup.ts";

function rulesOf(lines: readonly string[], table = "nat"): PodRules {
  const parsed = parseIptablesSave([`*${table}`, ...lines, "COMMIT", ""].join("\n"), { where: "test", family: 4 });
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
  return { ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING };
}

function check(table: string, lines: readonly string[], names: readonly string[]): void {
  const made = makeMutants(rulesOf(lines, table)).map((mutant) => mutant.name);
  expect(made).toEqual(names.map((name) => `ip ${table}: ${name}`));
}

describe("the mutants of rules", () => {
  test("break one owner rule in every way, without equal results", () => {
    const rule = "-A OUTPUT -m owner --uid-owner 1337 -j RETURN";
    check(
      "nat",
      [":OUTPUT ACCEPT [0:0]", rule],
      [
        `delete ${rule}`,
        `duplicate ${rule}`,
        `change ${rule} to -A OUTPUT -j RETURN`,
        `change ${rule} to -A OUTPUT -m owner ! --uid-owner 1337 -j RETURN`,
        `change ${rule} to -A OUTPUT -m owner --gid-owner 1337 -j RETURN`,
        ...["1336-1337", "1337-1338", "1336", "1338"].map(
          (ids) => `change ${rule} to -A OUTPUT -m owner --uid-owner ${ids} -j RETURN`,
        ),
        `change ${rule} to -A OUTPUT -m owner --uid-owner 1337 -j ACCEPT`,
      ],
    );
  });

  test("move rules past each other, and never twice to the same place", () => {
    const rules = ["-A INPUT -i lo -j ACCEPT", "-A INPUT -j DROP"];
    const made = makeMutants(rulesOf([":INPUT ACCEPT [0:0]", ...rules], "filter")).map((mutant) => mutant.name);
    expect(made.filter((name) => / move | delete | policy /.test(name))).toEqual([
      "ip filter: policy of INPUT DROP",
      "ip filter: delete -A INPUT -i lo -j ACCEPT",
      "ip filter: move -A INPUT -i lo -j ACCEPT to 2",
      "ip filter: delete -A INPUT -j DROP",
    ]);
  });

  test("widen, narrow and shift a network", () => {
    const rule = "-A OUTPUT -d 10.96.0.0/16 -j RETURN";
    const made = makeMutants(rulesOf([":OUTPUT ACCEPT [0:0]", rule])).map((mutant) => mutant.name);
    const networks = made.flatMap((name) => / to -A OUTPUT -d (\S+) -j RETURN$/.exec(name)?.[1] ?? []);
    expect(networks).toEqual([
      "10.96.0.0/15",
      "10.0.0.0/8",
      "10.96.0.0/17",
      "10.96.128.0/17",
      "10.95.0.0/16",
      "10.97.0.0/16",
    ]);
  });

  test("exchange redirect ports, and never keep a port without a protocol that has ports", () => {
    const made = makeMutants(generateRules(configOf())).map((mutant) => mutant.name);
    const redirect = "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports";
    expect(made).toContain(`ip nat: change ${redirect} 15001 to ${redirect} 15006`);
    expect(made).toContain(`ip nat: change ${redirect} 15001 to ${redirect} 15002`);
    expect(made.filter((name) => /to -A ISTIO_REDIRECT (?!-p (tcp|udp) ).*--to-ports/.test(name))).toEqual([]);
  });

  test("never make chains jump in a loop, which the kernel would refuse", () => {
    const made = makeMutants(generateRules(configOf())).map((mutant) => mutant.name);
    expect(made.filter((name) => /to -A (\S+) .*-[jg] \1$/.test(name))).toEqual([]);
  });

  test("remove each line of policy routing", () => {
    const made = makeMutants(generateRules(configOf({ interceptionMode: "TPROXY" })));
    expect(made.slice(-2).map((mutant) => [mutant.name, mutant.rules.policyRouting.rules.length])).toEqual([
      ["delete ip rule fwmark 0x539 lookup 133", 0],
      ["delete ip route local default dev lo table 133", 1],
    ]);
  });

  test("all differ from the original rules, and can be parsed again", () => {
    const rules = generateRules(
      configOf({ podIps: ["fd00::1"], outboundIpRangesInclude: ["10.0.0.0/8", "2001:db8::/32"] }),
    );
    const textOf = ({ ip, ip6 }: PodRules) =>
      [ip, ip6].map((one) => (one ? renderIptablesSave(one) : "")) as [string, string];
    const [before, before6] = textOf(rules);
    for (const mutant of makeMutants(rules)) {
      const [ip, ip6] = textOf(mutant.rules);
      if (!mutant.name.startsWith("delete ip"))
        expect(`${ip}${ip6}` === `${before}${before6}`, mutant.name).toBe(false);
      expect(parseIptablesSave(ip, { where: "ip", family: 4 }).ok, mutant.name).toBe(true);
      expect(parseIptablesSave(ip6, { where: "ip6", family: 6 }).ok, mutant.name).toBe(true);
    }
  });
});
