import { describe, expect, test } from "vitest";
import { SEED_WORDS } from "../../../harness/meshes/istio-1.4/seed.ts";
import { countRuns } from "../../thoroughness.ts";
import { complainBySchema } from "../schemas/schema.ts";
import {
  buildOnce,
  parseState,
  quoteWords,
  runInNamespace,
  runWithoutRights,
  type ScriptResult,
  type Variant,
} from "./namespace-setup.ts";

buildOnce();

const SEED = quoteWords(SEED_WORDS);
const TPROXY = quoteWords(["-u", "1337", "-m", "TPROXY", "-b", "*", "-i", "10.0.0.0/8", "-k", "net1,net2"]);
const GUARD = [
  "-A INPUT -m state --state ESTABLISHED -j ACCEPT",
  "-A INPUT -d ::1/128 -i lo -j ACCEPT",
  "-A INPUT -j REJECT --reject-with icmp6-port-unreachable",
];

/** Other people's rules: in built-in chains and one of their own, one of them in the very words of ours. */
const FOREIGN = `
iptables -t nat -N MINE; iptables -t nat -A MINE -p tcp --dport 7 -m comment --comment "a b" -j RETURN
iptables -t nat -A PREROUTING -j MINE; iptables -t nat -A PREROUTING -i net1 -j RETURN
iptables -t nat -A OUTPUT -p tcp --dport 2 -j RETURN; iptables -t mangle -A PREROUTING -p udp -j MARK --set-mark 5
ip6tables -A INPUT -d ::1/128 -i lo -j ACCEPT; iptables -P FORWARD DROP`;

async function run(script: string, options: Parameters<typeof runInNamespace>[1] = {}): Promise<ScriptResult> {
  const result = await runInNamespace(script, options);
  expect(
    result.stderr.replace(
      /^landfall: (warning: .*|no flag is given; .*|cleaned|nothing to clean|nothing to change|notice: (?:replaced|would replace|removed) .*(?:\n {2}.*)+)\n|^# Warning: iptables-legacy tables present.*\n/gm,
      "",
    ),
  ).toBe("");
  return result;
}

/** The states that a script prints, in order. */
function statesOf({ stdout }: ScriptResult) {
  return stdout
    .split(/(?==== state\n)/)
    .filter((part) => part.startsWith("=== state"))
    .map(parseState);
}

/** How often `apply` is killed by each variant, of each of two settings. */
const KILLS = countRuns(2);

/** Words of each tool that name the variant of iptables. */
const NAMED_VARIANT: readonly (readonly [string, (variant: Variant) => string])[] = [
  [
    "linkerd",
    (variant) => `--mesh linkerd --incoming-proxy-port 4143 --outgoing-proxy-port 4140 --iptables-mode ${variant}`,
  ],
  ["istio", (variant) => `--mesh istio -b '*' -i '*' --force-iptables-binary ${variant}`],
];

describe.each(NAMED_VARIANT)("apply of %s goes into the variant that the tool's own option names,", (_, words) => {
  test.concurrent("whichever is in use, and clean finds it there", async () => {
    const count = "for v in nft legacy; do echo $v $(iptables-$v-save 2>/dev/null | grep -c REDIRECT); done";
    const script = (["legacy", "nft"] as const).map((one) => `landfall apply ${words(one)} >/dev/null; ${count}`);
    const { stdout } = await run([...script, `landfall clean; ${count}`].join("\n"), { variant: "nft" });
    const counts = stdout.split("\n").map((line) => line.replace(/[1-9]\d*$/, "some"));
    expect(counts).toEqual(["nft 0", "legacy some", "nft some", "legacy 0", "nft 0", "legacy 0", ""]);
  });
});

describe.each(["nft", "legacy"] as const)("apply and clean with %s", (variant: Variant) => {
  const go = (script: string, options: Parameters<typeof runInNamespace>[1] = {}) =>
    run(script, { ...options, variant });

  test.concurrent("a second apply changes nothing, and says so", async () => {
    const { stdout } = await go(
      `landfall apply ${TPROXY} --json | grep outcome; state; landfall apply ${TPROXY} --json | grep outcome; state`,
    );
    expect(stdout.match(/"outcome": "(\w+)"/g)).toEqual(['"outcome": "applied"', '"outcome": "unchanged"']);
    const [once, twice] = statesOf({ stdout, stderr: "", status: 0 });
    expect(twice).toEqual(once);
    expect(once?.ipRule).toEqual(["32765: from all fwmark 0x539 lookup 133"]);
  });

  test.concurrent("a dry run prints what apply then does, and changes nothing", async () => {
    const all =
      "state; iptables-save; ip6tables-save; cat /proc/net/ip*_tables_names; ls /run | grep -v -e hosts -e mount";
    const script = `(${all}) >/run/o1 2>&1; landfall apply -t --detailed-exitcode --json ${TPROXY} >/run/plan; code=$?
      (${all}) >/run/o2 2>&1; diff <(grep -v -e '^#' -e '^o1' -e '^plan' /run/o1) <(grep -v -e '^#' -e '^o[12]' -e '^plan' /run/o2) && echo same $code
      cat /run/plan; echo ---; landfall apply --detailed-exitcode ${TPROXY} >/run/o; echo $?; state`;
    const { stdout } = await go(script);
    const [, json = "", after = ""] = /^same 1\n(.*)---\n(.*)$/s.exec(stdout) ?? [];
    const { outcome, plan, ...others } = JSON.parse(json);
    expect(complainBySchema("apply", { outcome, plan, ...others })).toEqual([]);
    const [state] = statesOf({ stdout: after, stderr: "", status: 0 });
    const added = (family: 4 | 6, table: string) =>
      plan.tables.find(
        (one: { readonly family: unknown; readonly table: unknown }) => one.family === family && one.table === table,
      );
    expect(added(4, "nat").added.toSorted()).toEqual(state?.nat.filter((line) => line.startsWith("-A")).toSorted());
    expect(added(4, "nat").chains.added.toSorted()).toEqual(
      state?.nat.filter((line) => line.startsWith("-N")).toSorted(),
    );
    expect(added(4, "mangle").added.toSorted()).toEqual(
      state?.mangle.filter((line) => line.startsWith("-A")).toSorted(),
    );
    expect(added(6, "filter").added).toEqual(GUARD);
    expect(plan.policyRouting).toMatchObject([
      {
        family: 4,
        added: ["ip rule add fwmark 0x539 lookup 133", "ip route add local default dev lo table 133"],
        removed: [],
      },
    ]);
    expect([outcome, after.split("\n")[0]]).toEqual(["would-change", "1"]);
  });

  test.concurrent("a dry run ends with 0 if everything is in place, and so does apply", async () => {
    const { stdout } = await go(
      `landfall apply ${TPROXY} >/run/o; landfall apply --dry-run --detailed-exitcode ${TPROXY}; echo $?; landfall apply --detailed-exitcode ${TPROXY} >/run/o; echo $?`,
    );
    expect(stdout).toMatch(
      /^(IPv[46] .*: 0 added, 0 removed, \d+ unchanged\n){4}Nothing would change: 0 added, 0 removed, 26 unchanged\.\n0\n0\n$/,
    );
  });

  test.concurrent("a dry run lists foreign rules among ours, and what another config removes", async () => {
    const { stdout } = await go(
      `landfall apply ${TPROXY} >/run/o; iptables -t nat -I ISTIO_OUTPUT -p tcp --dport 9 -j RETURN; landfall apply -t ${SEED}; echo $?; state`,
    );
    expect(stdout).toContain("  - -A ISTIO_OUTPUT -p tcp -m tcp --dport 9 -j RETURN\n");
    expect(stdout).toContain("  - ip route del local default dev lo table 133\n");
    expect(stdout).toMatch(/^The rules would change: \d+ added, \d+ removed, \d+ unchanged\.\n0\n/m);
    expect(statesOf({ stdout, stderr: "", status: 0 })[0]?.ipRule).toEqual(["32765: from all fwmark 0x539 lookup 133"]);
  });

  test.concurrent("applying a changed config leaves exactly its own rules", async () => {
    const [, changed] = statesOf(
      await go(`landfall apply ${TPROXY} >/run/o; state; landfall apply ${SEED} >/run/o; state`),
    );
    const [fresh] = statesOf(await go(`landfall apply ${SEED} >/run/o; state`));
    expect(changed).toEqual(fresh);
    expect(fresh?.ip6filter).toEqual(GUARD);
  });

  test.concurrent("clean, run once or twice, leaves nothing of ours and keeps foreign rules in place", async () => {
    const script = `${FOREIGN}\nstate; landfall apply ${TPROXY} >/run/o; state; landfall clean; state; landfall clean; ls /run/landfall; state`;
    const [before, applied, cleaned, again] = statesOf(await go(script));
    expect(applied?.nat.filter((line) => line.startsWith("-A PREROUTING"))).toEqual([
      "-A PREROUTING -d 10.0.0.0/8 -i net2 -j ISTIO_REDIRECT",
      "-A PREROUTING -d 10.0.0.0/8 -i net1 -j ISTIO_REDIRECT",
      "-A PREROUTING -i net2 -j RETURN",
      "-A PREROUTING -i net1 -j RETURN",
      "-A PREROUTING -j MINE",
      "-A PREROUTING -i net1 -j RETURN",
    ]);
    expect(applied?.ip6filter).toEqual(["-A INPUT -d ::1/128 -i lo -j ACCEPT", ...GUARD]);
    expect([cleaned, again]).toEqual([before, before]);
  });

  test.concurrent("clean keeps an address, a route and a rule that were there before", async () => {
    const before =
      "ip -6 addr add ::6/128 dev lo; ip route add local default dev lo table 133; ip rule add fwmark 1337 lookup 133";
    const script = `${before}; state; landfall apply ${TPROXY} >/run/o; landfall clean; state; landfall apply ${SEED} --pod-ip 2001:db8::5 >/run/o; landfall clean; state`;
    const [first, second, third] = statesOf(await go(script));
    expect(first).toMatchObject({
      loAddr: ["lo inet6 ::6/128 scope global"],
      ipRule: [expect.any(String)],
      ipRoute: [expect.any(String)],
    });
    expect([second, third]).toEqual([first, first]);
  });

  test.concurrent("without its record, clean removes whatever looks like the generator's", async () => {
    const mark = { environment: { ISTIO_INBOUND_TPROXY_MARK: "4242", ISTIO_INBOUND_TPROXY_ROUTE_TABLE: "77" } };
    const script = `state; landfall apply ${TPROXY} >/run/o; rm -r /run/landfall; landfall clean; state; landfall apply --pod-ip 2001:db8::5 -k net1 -i '*' >/run/o; rm -r /run/landfall; landfall clean; state`;
    const [empty, first, second] = statesOf(await go(script, mark));
    expect([first, second]).toEqual([empty, empty]);
  });

  test.concurrent("after apply is killed at any moment, the next apply repairs everything", async () => {
    const kill = `$LANDFALL_MAIN apply ${TPROXY} >/run/o & p=$!; sleep 0.$(printf %03d $((RANDOM % 160 + 20))); { kill -9 $p; wait $p; } 2>/run/o`;
    const script = `for i in $(seq ${KILLS}); do ${kill}; landfall apply ${SEED} >/run/o; state; landfall apply ${TPROXY} >/run/o; ${kill.replace(TPROXY, SEED)}; landfall apply ${TPROXY} >/run/o; state; landfall clean; done; state`;
    const states = statesOf(await go(`${FOREIGN}\n${script}`));
    const [seed, tproxy] = statesOf(
      await go(`${FOREIGN}\nlandfall apply ${SEED} >/run/o; state; landfall apply ${TPROXY} >/run/o; state`),
    );
    const [foreign] = statesOf(await go(`${FOREIGN}\nstate`));
    expect(states).toEqual([...Array.from({ length: KILLS }, () => [seed, tproxy]).flat(), foreign]);
  });

  test.concurrent("several applies at the same time leave what one alone leaves", async () => {
    const many = (words: string) => `for i in 1 2 3; do landfall apply ${words} >/run/o$i & done; wait`;
    const script = `${FOREIGN}\nstate; ${many(TPROXY)}; landfall clean & landfall apply ${SEED} >/run/o & wait; ${many(TPROXY)}; state; landfall clean; state`;
    const [before, applied, cleaned] = statesOf(await go(script));
    const [alone] = statesOf(await go(`${FOREIGN}\nlandfall apply ${TPROXY} >/run/o; state`));
    expect(applied).toEqual(alone);
    expect(cleaned).toEqual(before);
  });

  test.concurrent("if the kernel refuses the IPv6 guard of an IPv4 pod, apply warns and loads no part of it", async () => {
    const refuse =
      "mkdir /run/bin; ln -s /bin/false /run/bin/ip6tables-restore; ln -s $(which ip6tables-save) /run/bin/ip6tables-save";
    const script = `${refuse}; PATH=/run/bin:$PATH landfall apply ${SEED} 2>&1 >/run/o; echo "code $?"; state; landfall clean; state`;
    const result = await go(script);
    const [applied, cleaned] = statesOf(result);
    expect(result.stdout).toMatch(/^landfall: warning: The IPv6 rules are unchanged(.*\n)+code 0$/m);
    expect({ rules: applied?.nat.length, guard: applied?.ip6filter, left: cleaned?.nat }).toEqual({
      rules: 17,
      guard: [],
      left: [],
    });
  });

  test.concurrent("if a step fails, everything is restored", async () => {
    // IPv6 is in by then: IPv4's restore fails, but for its test and its version.
    const breakIpv4 = `mkdir /run/bin; printf '#!/bin/sh\\ncase "$*" in *--test*|--version) exec %s "$@";; esac; exit 4\\n' "$(which iptables-restore)" >/run/bin/iptables-restore; chmod +x /run/bin/*`;
    const link = "for t in iptables-save; do ln -s $(which $t) /run/bin/$t; done";
    const script = `${FOREIGN}\nlandfall apply ${TPROXY} >/run/o; state; cp /run/landfall/* /run/before; ${breakIpv4}; ${link}; PATH=/run/bin:$PATH landfall apply ${SEED} --pod-ip 2001:db8::5 2>/run/err; echo "code $?"; state; cmp /run/before /run/landfall/*; cat /run/err >&1`;
    const result = await go(script);
    const [before, after] = statesOf(result);
    expect(result.stdout).toMatch(/^code 3$/m);
    expect(result.stdout).toMatch(/\/iptables-restore rejected the rules/);
    expect(after).toEqual(before);
  });
});

describe("foreign rules in chains with our names, or that lead there, are removed and listed", () => {
  const FOREIGN_THERE =
    "iptables -t nat -I ISTIO_OUTPUT -p tcp --dport 5 -j RETURN; iptables -t nat -A OUTPUT -p udp -j ISTIO_OUTPUT; iptables -t nat -A OUTPUT -p tcp -j ISTIO_OUTPUT; ip6tables -t nat -N ISTIO_REDIRECT; ip6tables -t nat -A ISTIO_REDIRECT -j ACCEPT";
  const NAMED = [
    "ip6tables -t nat -A ISTIO_REDIRECT -j ACCEPT",
    "iptables -t nat -A ISTIO_OUTPUT -p tcp -m tcp --dport 5 -j RETURN",
    "iptables -t nat -A OUTPUT -p udp -j ISTIO_OUTPUT",
    "iptables -t nat -A OUTPUT -p tcp -j ISTIO_OUTPUT",
  ];

  /** The rules that were named, sorted: tables have no order of their own. */
  const named = (text: string) =>
    text
      .match(/^ {2}\S.*$/gm)
      ?.map((line) => line.trim())
      .toSorted() ?? [];

  test.concurrent.each(["nft", "legacy"] as const)("by apply and clean, with %s", async (variant) => {
    for (const command of [`apply ${SEED}`, "apply -b 80", "clean"]) {
      const script = `landfall apply ${SEED} >/run/o; ${FOREIGN_THERE}; landfall ${command} >/run/o; landfall apply ${SEED} --json`;
      const { stdout, stderr } = await runInNamespace(script, { variant });
      expect(named(stderr)).toEqual(NAMED.toSorted());
      const head = command === "clean" ? "removed" : "replaced";
      expect(stderr).toContain(
        `landfall: notice: ${head} 4 rules in the mesh's own chains or jumping to them, that apply did not create:\n`,
      );
      expect(JSON.parse(stdout).replaced).toEqual([]);
    }
  });

  test.concurrent("without a record every removed rule is listed, at most one screen of them", async () => {
    const chain =
      "iptables -t nat -N ISTIO_INBOUND; for i in $(seq 30); do iptables -t nat -A ISTIO_INBOUND -p tcp --dport $i -j RETURN; done";
    const { stderr } = await runInNamespace(`${chain}; landfall apply ${SEED} >/run/o`);
    expect(stderr).toMatch(
      /replaced 29 rules in the mesh's own chains or jumping to them, without a record of what created them:\n/,
    );
    expect(named(stderr)).toHaveLength(21);
    expect(stderr).toMatch(/\n {2}and 9 more\n$/);
  });
});

describe("after a failure", () => {
  test.concurrent("apply prints the rules of the namespace, as the original does", async () => {
    const refuse = `mkdir /run/bin; printf '#!/bin/sh\necho no >&2; exit 1\n' >/run/bin/iptables-restore; chmod +x /run/bin/iptables-restore; ln -s $(which iptables-save) /run/bin`;
    const script = `iptables -t nat -A OUTPUT -p tcp --dport 2 -j RETURN\n${refuse.replaceAll("\n", "\\n")}; PATH=/run/bin:$PATH landfall apply ${SEED}; echo "code $?"`;
    const { stdout, stderr } = await runInNamespace(script);
    expect(stdout).toMatch(/^-A OUTPUT -p tcp -m tcp --dport 2 -j RETURN\n(.*\n)+# Completed.*\ncode 3\n$/m);
    expect(stderr).toMatch(/iptables-restore rejected the rules/);
  });
});

describe("apply chooses the variant of iptables:", () => {
  const codeOf = (stdout: string) => /^code (\d+)$/m.exec(stdout)?.[1];

  test.concurrent("rules in legacy tables are replaced there, without creating nft tables", async () => {
    const script = `iptables-legacy -t nat -A OUTPUT -p tcp --dport 2 -j RETURN; landfall apply ${SEED} --json | grep variant; nft list tables; iptables-legacy -t nat -S OUTPUT`;
    const { stdout } = await run(script);
    expect(stdout).toBe(
      '  "variant": "legacy",\n-P OUTPUT ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 2 -j RETURN\n-A OUTPUT -p tcp -j ISTIO_OUTPUT\n',
    );
  });

  test.concurrent("in an empty namespace the nft variant creates no legacy table, and legacy no nft table", async () => {
    const nft = await run(
      `landfall apply ${SEED} >/run/o; landfall clean; cat /proc/net/ip_tables_names /proc/net/ip6_tables_names`,
    );
    const legacy = await run(`landfall apply ${SEED} >/run/o; landfall clean; nft list tables`, { variant: "legacy" });
    expect([nft.stdout, legacy.stdout]).toEqual(["", ""]);
  });

  test.concurrent("the rules of an earlier run in the other variant are removed", async () => {
    const script = `landfall apply ${SEED} >/run/o; for t in nat; do iptables-save | iptables-legacy-restore; done; landfall clean; iptables-save | grep -c ISTIO; iptables-legacy-save | grep -c ISTIO`;
    expect((await run(script)).stdout).toBe("0\n0\n");
  });

  test.concurrent("an IPv4 pod without ip6tables gets its IPv4 rules and a warning, an IPv6 pod nothing", async () => {
    const bin =
      "mkdir /run/bin; for t in iptables-save iptables-restore; do ln -s $(readlink -f /usr/sbin/$t) /run/bin/$t; done; ln -s /usr/sbin/ip /run/bin/ip";
    const script = `${bin}; PATH=/run/bin $LANDFALL_MAIN apply ${SEED} 2>&1 >/run/o; echo "code $?"; iptables-save | grep -c '^-A'; PATH=/run/bin $LANDFALL_MAIN clean; PATH=/run/bin $LANDFALL_MAIN apply --pod-ip 2001:db8::5 2>/run/e >/run/o; echo "code $?"; iptables-save | grep -c '^-A'`;
    const { stdout } = await run(script);
    expect(stdout).toMatch(/^landfall: warning: No IPv6 rules are applied, .*\ncode 0\n13\ncode 3\n0\n$/);
  });

  test.concurrent("-t and -h change nothing, and bad input is reported before the namespace is read", async () => {
    const script = `landfall apply -t ${SEED}; echo "code $?"; landfall apply -q -h | head -1; landfall apply -b foo -q 2>/run/e; echo "code $?"; state`;
    const result = await run(script);
    expect(
      result.stdout
        .split("\n")
        .filter((line) => !/^(IPv| {2}\+)/.test(line))
        .slice(0, 4),
    ).toEqual([
      "The rules would change: 16 added, 0 removed, 0 unchanged.",
      "code 0",
      "Usage: landfall apply [MESH OPTION…] [OPTION…]",
      "code 2",
    ]);
    expect(statesOf(result)[0]).toMatchObject({ nat: [], ip6filter: [] });
  });

  test.concurrent("its JSON matches the schemas", async () => {
    const script = `landfall apply ${TPROXY} --json >/run/a; landfall clean --json >/run/c; landfall clean --json >/run/n; cat /run/a; echo ===; cat /run/c; echo ===; cat /run/n`;
    const [applied, cleaned, again] = (await run(script)).stdout.split("===").map((text) => JSON.parse(text));
    expect(complainBySchema("apply", applied)).toEqual([]);
    expect([cleaned, again].flatMap((data) => complainBySchema("clean", data))).toEqual([]);
    expect([cleaned.outcome, again.outcome, again.removed]).toEqual(["cleaned", "nothing-to-clean", []]);
  });

  test.concurrent("without the right to change rules it says which right is missing", async () => {
    const script = `setpriv --bounding-set=-net_admin --inh-caps=-net_admin $LANDFALL_MAIN apply ${SEED} 2>&1; echo "code $?"`;
    const { stdout } = await run(script);
    expect(codeOf(stdout)).toBe("3");
    expect(stdout).toMatch(/NET_ADMIN/);
  });
});

describe("the host's own namespace is refused", () => {
  test.concurrent.each(["root", "nobody"] as const)("to %s, by apply and by clean", async (user) => {
    for (const command of [`apply ${SEED}`, "clean"]) {
      const { status, stdout, stderr } = await runWithoutRights(`landfall ${command}`, user);
      expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
      expect(stderr).toMatch(/^landfall: This is the host's own network namespace/);
    }
  });

  test.concurrent("bad input is reported there too, and -t checks the input without saying whether anything would change", async () => {
    expect((await runWithoutRights("landfall apply -b foo", "root")).status).toBe(2);
    const { status, stdout, stderr } = await runWithoutRights(`landfall apply -t ${SEED}`, "root");
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: "" });
    expect(stderr).toContain("landfall: the input is valid. This is the host's own network namespace");
    expect((await runWithoutRights(`landfall apply -t --detailed-exitcode ${SEED}`, "root")).status).toBe(3);
  });

  test.concurrent("--host-network is accepted, as far as rights allow", async () => {
    const { status, stderr } = await runWithoutRights(`landfall apply --host-network ${SEED}`, "nobody");
    expect(status).toBe(3);
    expect(stderr).not.toMatch(/host's own/);
  });

  test.concurrent("a pod with its own processes is not taken for the host, wherever /sys comes from", async () => {
    const inPod = `unshare -pf --mount-proc bash --norc -c '$LANDFALL_MAIN apply --json >/run/o; echo "code $?"; mount -t sysfs sysfs /sys; $LANDFALL_MAIN clean; echo "code $?"'`;
    const { stdout } = await run(inPod);
    expect(stdout).toBe("code 0\ncode 0\n");
  });
});
