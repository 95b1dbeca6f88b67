import { describe, expect, test } from "vitest";
import { type Change, diffRulesets } from "../../../harness/analysis/diff.ts";
import { impliedRouting, impliedShape } from "../../../harness/analysis/pod/implied-pod.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import type { Family } from "../../../harness/model/address.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { renderLanding } from "../../../harness/model/landing-text.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../../harness/model/pod.ts";
import type { PodRules } from "../../../harness/model/ruleset.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { captureOf } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";
import { SEED } from "./seed.ts";

function load(text: string, family: Family): PodRules {
  const parsed = parseIptablesSave(text, { where: "rules", family });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const rules = parsed.value;
  return { ip: family === 4 ? rules : null, ip6: family === 6 ? rules : null, policyRouting: impliedRouting([rules]) };
}

const SPEC = makePodSpec(captureOf(seedConfig()), [], [], DEFAULT_ADDRESSES);

/** Two rule sets, and of each change: flow, landing before, landing after, class. */
function diff(before: string, after: string, family: Family = 4) {
  const rules = [load(before, family), load(after, family)] as const;
  const spec: PodSpec = {
    ...SPEC,
    shape: impliedShape(
      SPEC.shape,
      rules.flatMap(({ ip, ip6 }) => [ip, ip6].filter((one) => one !== null)),
    ),
  };
  const setting = { spec, addresses: DEFAULT_ADDRESSES, passThrough: "absent" } as const;
  return diffRulesets({ family, before: rules[0], after: rules[1], setting });
}

function check(
  before: string,
  after: string,
  expected: readonly (readonly [string, string, string, string])[],
  family?: Family,
): void {
  const found = diff(before, after, family);
  expect(
    found.map((change) => [
      renderFlowText(change.witness.flow.spec),
      renderLanding(change.before),
      renderLanding(change.after),
      change.class,
    ]),
  ).toEqual(expected);
}

describe("the diff", () => {
  test("of equal rule sets is empty", () => check(SEED, SEED, []));
  test.each([
    ["without a condition", "-A OUTPUT -j DROP"],
    ["on one address", "-A OUTPUT -d 10.0.0.1/32 -j DROP"],
    ["on one port", "-A OUTPUT -p tcp -m tcp --dport 80 -j DROP"],
  ])("tells many equal rules %s from none", (_, rule) => {
    const write = (rules: readonly string[]) => `*filter\n:OUTPUT ACCEPT [0:0]\n${rules.join("\n")}\nCOMMIT\n`;
    const many = Array.from({ length: 20 }, () => rule);
    expect(diff(write(many), write([]))).not.toEqual([]);
    expect(diff(write(many), write([rule]))).toEqual([]);
  });
  test("is empty for different rules under which every flow lands the same", () =>
    check(
      SEED,
      SEED.replace(
        "-A OUTPUT -p tcp",
        "-A OUTPUT -d 10.0.0.0/9 -m conntrack --ctstate INVALID -j RETURN\n-A OUTPUT -p tcp",
      ),
      [],
    ));
  test("finds a difference that only sockets with a mark meet", () =>
    check(
      SEED,
      SEED.replace("-A OUTPUT -p tcp", "-A OUTPUT -d 10.0.0.0/9 -m mark --mark 0x1 -j RETURN\n-A OUTPUT -p tcp"),
      [
        [
          "app,mark=0x1 -> 10.96.0.1:8080",
          "envoy-outbound:15001 from 10.244.0.2",
          "upstream:8080 from 10.244.0.2",
          "from the pod to elsewhere, marked 0x1: uid other than 1337, gid other than 1337, to 10.0.0.0-10.127.255.255",
        ],
      ],
    ));
  test.each([
    "-m tcp --sport 5000",
    "-m multiport --sports 5000",
    "-m conntrack --ctorigsrcport 5000",
    "-m conntrack --ctrepldstport 5000",
  ])("finds a difference that only sockets bound to a port meet: %s", (match) =>
    check(
      SEED,
      SEED.replace("-A OUTPUT -p tcp", `-A OUTPUT -d 10.9.0.0/16 -p tcp ${match} -j RETURN\n-A OUTPUT -p tcp`),
      [
        [
          "app@:5000 -> 10.9.0.0:8080",
          "envoy-outbound:15001 from 10.244.0.2",
          "upstream:8080 from 10.244.0.2",
          "from the pod to elsewhere, bound to port 5000: uid other than 1337, gid other than 1337, to 10.9.0.0-10.9.255.255",
        ],
      ],
    ),
  );
  test("finds it also at ports on which the app usually listens", () => {
    for (const port of [22, 8080, 9090]) {
      const rule = `-A OUTPUT -d 10.9.0.0/16 -p tcp -m tcp --sport ${port} -j RETURN`;
      const found = diff(SEED, SEED.replace("-A OUTPUT -p tcp", `${rule}\n-A OUTPUT -p tcp`));
      expect(found.map(({ witness }) => renderFlowText(witness.flow.spec))).toEqual([`app@:${port} -> 10.9.0.0:8080`]);
    }
  });
  test("is empty if rules that exclude each other are reordered", () =>
    check(SEED, SEED.replace(/(.*dport 22 .*\n)(.*dport 15020 .*\n)/, "$2$1"), []));
  test("names the one port that is captured now, from either host outside", () =>
    check(SEED, SEED.replace(/.*dport 22 .*\n/, ""), [
      [
        "client -> pod:22",
        "app:22 from 10.244.0.3",
        "envoy-inbound:15006 from 10.244.0.3",
        "from outside to the pod: port 22",
      ],
      [
        "upstream -> pod:22",
        "app:22 from 10.244.0.4",
        "envoy-inbound:15006 from 10.244.0.4",
        "from upstream to the pod: port 22",
      ],
    ]));
  test("finds sources that no host of the sandbox has", () => {
    const after = SEED.replace("-A PREROUTING", "-A PREROUTING -s 192.168.0.0/16 -j RETURN\n-A PREROUTING");
    const classes = diff(SEED, after).map((change) => [renderFlowText(change.witness.flow.spec), change.class]);
    expect(classes[0]).toEqual([
      "upstream@192.168.0.0 -> pod:8080",
      "from outside to the pod: from 192.168.0.0-192.168.255.255, port other than 22 or 15001 or 15006 or 15020",
    ]);
  });
  test("finds the address of another host that DNAT sends to, and keeps flows that DNAT does not touch separate", () => {
    const dnat = (to: string) =>
      `*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -d 10.96.0.10/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination ${to}\nCOMMIT\n`;
    const [change, ...others] = diff(dnat("10.1.0.1:53"), dnat("10.1.0.2:53"));
    expect(others).toEqual([]);
    expect([change && renderFlowText(change.witness.flow.spec), change?.before.address, change?.after.address]).toEqual(
      ["app -> 10.96.0.10:53", "10.1.0.1", "10.1.0.2"],
    );
    const [from] = diff("*nat\nCOMMIT\n", dnat("10.1.0.1:53"));
    expect([from?.before.address, from?.before.originalDestination]).toEqual(["10.96.0.10", null]);
    expect([from?.after.address, from?.after.originalDestination]).toEqual(["10.1.0.1", "10.96.0.10:53"]);
  });
  test("does not distinguish refusals by the address that refused", () => {
    const dnat = (to: string) =>
      `*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j DNAT --to-destination ${to}:81\nCOMMIT\n`;
    expect(diff(dnat("127.0.0.8"), dnat("127.0.0.9"))).toEqual([]);
  });
  test("says under which answer of an unknown match flows land elsewhere", () => {
    const after = SEED.replace("-A ISTIO_OUTPUT -j", "-A ISTIO_OUTPUT -m recent --rcheck -j");
    const [first] = diff(SEED, after);
    expect(first?.class).toMatch(/where not -m recent --rcheck$/);
    expect([first?.before.listener, first?.after.listener]).toEqual(["envoy-outbound", "upstream"]);
  });
  test("names the rules that decide, before and after", () => {
    const [first] = diff(SEED, SEED.replace("--uid-owner 1337", "--uid-owner 1338"));
    expect(first?.rulesBefore.at(-1)?.rule).toBe("-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN");
    expect(first?.rulesAfter.at(-1)).toEqual({
      family: 4,
      table: "nat",
      chain: "ISTIO_REDIRECT",
      index: 1,
      rule: "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
    });
  });
  test("sees a reply that is dropped on its way back", () => {
    const after = "*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --sport 8080 -j DROP\nCOMMIT\n";
    // Flows that are bound to that port are dropped on their way out.
    const isReply = (change: Change) =>
      !change.class.includes("bound to port") && !change.class.includes("bound to a port");
    expect(
      diff("", after)
        .filter(isReply)
        .map((change) => [
          renderFlowText(change.witness.flow.spec),
          renderLanding(change.before),
          renderLanding(change.after),
          change.class,
        ]),
    ).toEqual([
      ["app -> pod:8080", "app:8080 from 10.244.0.2", "timed-out", "from the pod to its own address: port 8080"],
      ["app -> localhost:8080", "app:8080 from 127.0.0.1", "timed-out", "from the pod to loopback: port 8080"],
      [
        "app@127.0.0.6 -> pod:8080",
        "app:8080 from 127.0.0.6",
        "timed-out",
        "from the pod, bound to a loopback address, to itself: from other than 127.0.0.1, port 8080; or from 127.0.0.1, to 10.244.0.2, port 8080",
      ],
      [
        "app@10.244.0.2 -> localhost:8080",
        "app:8080 from 10.244.0.2",
        "timed-out",
        "from the pod, bound to its own address, to loopback: port 8080",
      ],
      ["client -> pod:8080", "app:8080 from 10.244.0.3", "timed-out", "from outside to the pod: port 8080"],
      ["upstream -> pod:8080", "app:8080 from 10.244.0.4", "timed-out", "from upstream to the pod: port 8080"],
    ]);
  });
  test("knows IPv6 addresses by number", () =>
    expect(
      diff(
        "",
        "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -d 2001:db8::/33 -j REDIRECT --to-ports 15001\nCOMMIT\n",
        6,
      ).map((change) => [renderFlowText(change.witness.flow.spec), change.class]),
    ).toEqual([
      ["app -> [2001:db8::1]:8080", "from the pod to elsewhere: to 2001:db8::-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"],
      [
        "app@[::1] -> [2001:db8::1]:8080",
        "from the pod, bound to a loopback address, to elsewhere: to 2001:db8::-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff",
      ],
    ]));
  test("calls no flows alike that are asked in more than 64 ways about what a rule changes", () => {
    // If all seven matches hold, and if none does, nothing is redirected; a packet with DSCP 2 alone is.
    const marks = [1, 2, 3, 4, 5, 6, 7].map(
      (dscp) => `-A OUTPUT -p tcp -m dscp --dscp 0x0${dscp} -j MARK --set-xmark 0x7/0x7`,
    );
    const redirectTo = (port: number) =>
      [
        "*mangle\n:OUTPUT ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 80 -j DSCP --set-dscp 0x0a\nCOMMIT\n*nat\n:OUTPUT ACCEPT",
        ...marks,
        "-A OUTPUT -p tcp -m dscp --dscp 0x01 -j ACCEPT",
        `-A OUTPUT -p tcp -m dscp --dscp 0x02 -j REDIRECT --to-ports ${port}\nCOMMIT\n`,
      ].join("\n");
    const changes = diff(redirectTo(1111), redirectTo(2222));
    expect(changes.map(({ before, after }) => [before.kind, after.kind])).toContainEqual([
      "could-not-look",
      "could-not-look",
    ]);
  });
  test("throws instead of giving a partial answer when its budget runs out", () => {
    const ruleset = load(SEED, 4);
    const setting = { addresses: DEFAULT_ADDRESSES, passThrough: "absent", budget: 50 } as const;
    const spec = { ...SPEC };
    expect(() => diffRulesets({ family: 4, before: ruleset, after: ruleset, setting: { ...setting, spec } })).toThrow(
      expect.objectContaining({ code: "budget-exceeded" }),
    );
  });
});
