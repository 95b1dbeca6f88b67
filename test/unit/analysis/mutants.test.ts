import { describe, expect, test } from "vitest";
import { makeMutants } from "../../../harness/analysis/mutants/mutants.ts";
import { parseIptablesSave, renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { readNft } from "../../../harness/formats/nft/read-nft.ts";
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

/** The names of the mutants of a native table's IPv4 half. */
function nativeMutants(chains: readonly string[]): readonly string[] {
  const parsed = readNft(["table inet t {", ...chains, "}", ""].join("\n"), { where: "test" });
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
  const { ip } = parsed.value;
  return makeMutants({ ip, ip6: null, policyRouting: NO_POLICY_ROUTING }).map(({ name }) => name);
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

  test("give a connection another mark, and NAT another address", () => {
    const mark = "-A PREROUTING -j CONNMARK --set-xmark 0x111/0xfff";
    const marked = makeMutants(rulesOf([":PREROUTING ACCEPT [0:0]", mark], "mangle")).map(({ name }) => name);
    expect(marked).toContain(`ip mangle: change ${mark} to ${mark.replace("0x111", "0x110")}`);
    const dnat = "-A OUTPUT -p udp -m udp --dport 53 -j DNAT --to-destination 127.0.0.1:8600";
    const sent = makeMutants(rulesOf([":OUTPUT ACCEPT [0:0]", dnat])).map(({ name }) => name);
    expect(sent).toContain(`ip nat: change ${dnat} to ${dnat.replace("127.0.0.1", "127.0.0.2")}`);
  });

  test("leave a comment alone, and do not negate a range of every port, which one variant of iptables would lose", () => {
    const comment = '-A INPUT -m comment --comment "all of it" -j DROP';
    check(
      "filter",
      [":INPUT ACCEPT [0:0]", comment],
      ["policy of INPUT DROP", `delete ${comment}`, `duplicate ${comment}`].concat(
        ["ACCEPT", "RETURN"].map((verdict) => `change ${comment} to ${comment.replace("DROP", verdict)}`),
      ),
    );
    const every = "-A OUTPUT -p tcp -m tcp -j ACCEPT";
    const made = makeMutants(rulesOf([":OUTPUT ACCEPT [0:0]", every])).map(({ name }) => name);
    expect(made.filter((name) => name.includes("! --dport"))).toEqual([]);
  });

  test("break native rules as well: those of each rule, and each that nft takes", () => {
    const rule = "meta skuid 1337 meta mark 1337 return";
    const made = nativeMutants(["chain out {", rule, "}"]);
    const change = (to: string) => `inet t out (IPv4): change ${rule} to ${to}`;
    expect(made).toEqual([
      `inet t out (IPv4): delete ${rule}`,
      `inet t out (IPv4): duplicate ${rule}`,
      change("meta mark 1337 return"),
      change("meta skuid 1337 return"),
      change("meta skuid != 1337 meta mark 1337 return"),
      change("meta skgid 1337 meta mark 1337 return"),
      ...["1336-1337", "1337-1338", "1336", "1338"].map((ids) => change(`meta skuid ${ids} meta mark 1337 return`)),
      change("meta skuid 1337 meta mark != 1337 return"),
      ...["1336-1337", "1337-1338", "1336", "1338"].map((marks) => change(`meta skuid 1337 meta mark ${marks} return`)),
      change("meta skuid 1337 meta mark 1337 accept"),
      change("meta skuid 1337 meta mark 1337 drop"),
    ]);
  });

  test("keep in native rules the protocol that nft wants before it translates a port", () => {
    const rule = "meta l4proto tcp redirect to :15001";
    const base = "type nat hook output priority -100; policy accept;";
    const made = nativeMutants([`chain out { ${base}`, rule, "}"]);
    const changed = made.flatMap((name) => / to (meta l4proto .*)$/.exec(name)?.[1] ?? []);
    expect(changed).toEqual([
      "meta l4proto udp redirect to :15001",
      "meta l4proto tcp redirect",
      "meta l4proto tcp redirect to :15000",
      "meta l4proto tcp redirect to :15002",
    ]);
  });

  test("take a native address for the networks beside it, and states for fewer and more", () => {
    const changed = (rule: string) =>
      nativeMutants(["chain out {", rule, "}"]).flatMap(
        (name) => /: change .* return to (.*) return$/.exec(name)?.[1] ?? [],
      );
    expect(changed("ip daddr 127.0.0.1 return")).toEqual([
      "ip daddr != 127.0.0.1",
      ...["127.0.0.0/31", "127.0.0.0/8", "127.0.0.0", "127.0.0.2"].map((network) => `ip daddr ${network}`),
    ]);
    expect(changed("ct state established,related return")).toEqual([
      "ct state ! established,related",
      ...["related", "established", "established,related,new"].map((states) => `ct state ${states}`),
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
