import { describe, expect, test } from "vitest";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { nftRules } from "../nft-vectors.ts";
import { check, flowOf, rulesOf, SPEC, withShape } from "./setup.ts";

const CAPTURE = "4 -A OUTPUT -p tcp -j REDIRECT --to-ports 15001";
const CAPTURED = "envoy-outbound:15001 of 10.244.0.4:80 from 10.244.0.2:0";
const PLAIN = "upstream:80 from 10.244.0.2:0";
const UNKNOWN = "could-not-look: the landing depends on what is not known:";

/** What some rules make unknown, in the words of the cause. */
function causeOf(rules: readonly string[], flow: string): string {
  const pod = compilePod(rulesOf(rules), { ...SPEC, ...withShape({ kubevirtInterfaces: ["vm0"] }) }, DEFAULT_ADDRESSES);
  return pod.land(flowOf(flow), "answer").cause ?? "known";
}

describe("after a target that decides nothing", () => {
  test("the next rule decides", () =>
    check(rulesOf(["nat", "4 -A OUTPUT -p tcp -j NFLOG --nflog-group 5", CAPTURE]), [
      ["app -> upstream:80", CAPTURED],
    ]));
  test("a match that reads what it changed is unknown, and both answers are followed", () => {
    const rules = [
      "mangle",
      "4 -A OUTPUT -j DSCP --set-dscp 0x20",
      "filter",
      "4 -A OUTPUT -m dscp --dscp 0x20 -j DROP",
    ];
    check(rulesOf(rules), [["app -> upstream:80", `${UNKNOWN} -m dscp --dscp 0x20`]]);
  });
});

describe("a hop limit", () => {
  test("of 2 or more reaches any host; a lower one reaches only the pod for certain", () => {
    const set = (value: number) => rulesOf(["mangle", `4 -A OUTPUT -j TTL --ttl-set ${value}`]);
    check(set(2), [["app -> upstream:80", PLAIN]]);
    check(set(1), [
      ["app -> upstream:80", `${UNKNOWN} a hop limit of 1, which no host passes on`],
      ["app -> localhost:8080", "app:8080 from 127.0.0.1:0"],
    ]);
  });
  test.each([
    [62, "known"],
    [63, `${UNKNOWN.slice("could-not-look: ".length)} a hop limit of 1, which no host passes on`],
  ])("is lowered by %i from 64", (value, cause) => {
    expect(causeOf(["mangle", `4 -A POSTROUTING -j TTL --ttl-dec ${value}`], "app -> upstream:80")).toBe(cause);
  });
  test("is checked if the pod forwards a packet", () => {
    const rules = ["mangle", "4 -A PREROUTING -i vm0 -j TTL --ttl-set 1"];
    expect(causeOf(rules, "vm -> upstream:80")).toMatch(/a hop limit of 1/);
    expect(causeOf(rules, "vm -> pod:8080")).toBe("known");
  });
});

describe("a hop limit is lowered by one if a packet is forwarded", () => {
  const droppingAt = (hook: string, hops: number) =>
    `table ip t { chain c { type filter hook ${hook} priority 0; ip ttl ${hops} drop; }; }`;
  test.each([
    ["upstream -> pod:8080", "input", 64],
    ["app -> upstream:80", "output", 64],
    ["vm -> upstream:80", "forward", 63],
    ["vm -> pod:8080", "input", 64],
  ])("%s, at %s: %i", (flow, hook, hops) => {
    const spec = { ...SPEC, ...withShape({ kubevirtInterfaces: ["vm0"] }) };
    const kinds = [63, 64].map((each) => {
      const rules = { ...nftRules(droppingAt(hook, each)), policyRouting: NO_POLICY_ROUTING };
      return compilePod(rules, spec, DEFAULT_ADDRESSES).land(flowOf(flow), "answer").kind;
    });
    expect(kinds.map((kind) => kind === "timed-out")).toEqual([hops === 63, hops === 64]);
  });
});

test("the hop limit of a client's packet depends on the sandbox's network", () => {
  const land = (rule: string) => {
    const text = `table ip t { chain c { type filter hook input priority 0; ${rule}; }; }`;
    const rules = { ...nftRules(text), policyRouting: NO_POLICY_ROUTING };
    return compilePod(rules, SPEC, DEFAULT_ADDRESSES).land(flowOf("client -> pod:8080"), "answer").kind;
  };
  expect(["ip ttl 63 drop", "ip ttl 64 drop", "ip ttl 62 drop", "ip ttl > 62 drop"].map(land)).toEqual([
    ...["could-not-look", "could-not-look", "listener", "timed-out"],
  ]);
});

describe("TEE", () => {
  const tee = (gateway: string) => `4 -A OUTPUT -p tcp -j TEE --gateway ${gateway}`;
  test("does not change a flow, also one that is redirected inside the pod", () =>
    check(rulesOf(["mangle", tee("203.0.113.9"), "nat", CAPTURE]), [["app -> upstream:80", CAPTURED]]));
  test.each([
    ["sends the copy to the pod itself", ["mangle", tee("10.244.0.2")]],
    ["copies what comes in", ["mangle", "4 -A INPUT -p tcp -j TEE --gateway 203.0.113.9"]],
    [
      "the packet goes to another host than the copy",
      ["mangle", tee("203.0.113.9"), "nat", "4 -A OUTPUT -p tcp -j DNAT --to-destination 10.244.0.3"],
    ],
    [
      "the packet gets another source than the copy",
      ["mangle", tee("203.0.113.9"), "nat", "4 -A POSTROUTING -p tcp -j SNAT --to-source 10.244.0.9"],
    ],
    ["the packet is lost and the copy is not", ["mangle", tee("203.0.113.9"), "filter", "4 -A OUTPUT -p tcp -j DROP"]],
  ])("makes the landing unknown if it %s", (_, rules) =>
    expect(causeOf(rules, "app -> upstream:80")).toMatch(/TEE --gateway/),
  );
});

describe("CT with a template", () => {
  test("makes NOTRACK ineffective: the first of the two decides", () => {
    const [template, notrack] = ["4 -A OUTPUT -p tcp -j CT --helper ftp", "4 -A OUTPUT -p tcp -j NOTRACK"];
    check(rulesOf(["raw", template, notrack, "nat", CAPTURE]), [["app -> upstream:80", CAPTURED]]);
    check(rulesOf(["raw", notrack, template, "nat", CAPTURE]), [["app -> upstream:80", PLAIN]]);
  });
  test.each([
    ["-m state --state NEW", "timed-out"],
    ["-m conntrack --ctstate INVALID", PLAIN],
    ["-m conntrack --ctdir REPLY", PLAIN],
    ["-m conntrack --ctproto 6", PLAIN],
    ["-m conntrack ! --ctorigdst 10.244.0.4", "timed-out"],
    ["-m conntrack --ctorigdstport 80", PLAIN],
    ["-m conntrack --ctstatus CONFIRMED", "timed-out"],
  ])("is new and empty to a rule that asks for the connection before it is tracked: %s", (match, landing) =>
    check(rulesOf(["raw", "4 -A OUTPUT -p tcp -j CT", `4 -A OUTPUT ${match} -j DROP`]), [
      ["app -> upstream:80", landing],
    ]),
  );
  test("may have any mark to such a rule", () =>
    expect(
      causeOf(["raw", "4 -A OUTPUT -p tcp -j CT", "4 -A OUTPUT -m connmark --mark 1 -j DROP"], "app -> upstream:80"),
    ).toMatch(/CT .*before it is tracked/));
});

describe("CT with a zone", () => {
  const zoned = (options: string, match = "") =>
    rulesOf(["raw", `4 -A OUTPUT -p tcp${match} -j CT ${options}`, "nat", CAPTURE]);
  test("keeps a connection working if all its packets are in the zone, or answers are looked up in their own zone", () => {
    check(zoned("--zone-orig 1", " --dport 80"), [["app -> upstream:80", CAPTURED]]);
    check(zoned("--zone 1"), [["app -> upstream:80", "envoy-outbound:15001 from 10.244.0.2:0"]]);
  });
  test.each(["--zone 1", "--zone-reply 1"])("%s of the first packet alone keeps the answer from it", (options) =>
    check(zoned(options, " --dport 80"), [["app -> upstream:80", "timed-out"]]),
  );
  test("of a mark is the mark's lower 16 bits", () => {
    const marked = (mark: string) => [
      ...["raw", `4 -A OUTPUT -p tcp --dport 80 -j MARK --set-mark ${mark}`],
      ...["4 -A OUTPUT -p tcp --dport 80 -j CT --zone mark", "nat", CAPTURE],
    ];
    check(rulesOf(marked("0x10000")), [["app -> upstream:80", CAPTURED]]);
    check(rulesOf(marked("0x10001")), [["app -> upstream:80", "timed-out"]]);
  });
});

describe("a source that the kernel chooses", () => {
  test("makes no landing unknown, whether a port or an address", () => {
    check(rulesOf(["nat", "4 -A POSTROUTING -p tcp -j MASQUERADE --to-ports 20000-29999"]), [
      ["app -> upstream:80", PLAIN],
    ]);
    check(rulesOf(["nat", "4 -A POSTROUTING -o lo -p tcp -j SNAT --to-source 127.0.0.20-127.0.0.29"]), [
      ["app -> localhost:8080", "app:8080 from 127.0.0.20-127.0.0.29:0"],
    ]);
    check(rulesOf(["nat", "4 -A POSTROUTING -p tcp -j SNAT --to-source 203.0.113.20-203.0.113.29"]), [
      ["app -> upstream:80", "timed-out"],
    ]);
  });
  test("is kept if it lies in the range", () =>
    check(rulesOf(["nat", "4 -A POSTROUTING -p tcp -j SNAT --to-source 127.0.0.1-127.0.0.9"]), [
      ["app -> localhost:8080", "app:8080 from 127.0.0.1:0"],
    ]));
  test("is unknown if a rule splits the range, and only then", () => {
    const ports = (match: string) => [
      "nat",
      "4 -A POSTROUTING -p tcp -j MASQUERADE --to-ports 20000-29999",
      "raw",
      `4 -A PREROUTING -i eth0 -p tcp -m tcp ${match} -j DROP`,
    ];
    check(rulesOf(ports("--dport 25000:65535")), [
      ["app -> upstream:80", `${UNKNOWN} the free source port is in 25000:65535`],
    ]);
    check(rulesOf(ports("--dport 30000:65535")), [["app -> upstream:80", PLAIN]]);
    const addresses = (match: string) => [
      "nat",
      "4 -A POSTROUTING -o lo -p tcp -j SNAT --to-source 127.0.0.20-127.0.0.29",
      "filter",
      `4 -A INPUT ${match} -j DROP`,
    ];
    check(rulesOf(addresses("-s 127.0.0.24/30")), [
      ["app -> localhost:8080", `${UNKNOWN} which address of 127.0.0.20-127.0.0.29 the kernel chooses`],
    ]);
    check(rulesOf(addresses("-s 127.0.0.16/28")), [["app -> localhost:8080", "timed-out"]]);
  });
  test("is unknown if the range has addresses of several hosts", () =>
    expect(
      causeOf(
        ["nat", "4 -A POSTROUTING -p tcp -j SNAT --to-source 10.244.0.1-10.244.0.9 --random-fully"],
        "client -> pod:8080",
      ),
    ).toBe("known"));
});

describe("-m conntrack asks of the connection", () => {
  const drop = (chain: string, match: string) => [
    "nat",
    CAPTURE,
    "filter",
    `4 -A ${chain} -m conntrack ${match} -j DROP`,
  ];
  test.each([
    ["INPUT", "--ctorigdst 10.244.0.4", "timed-out"],
    ["INPUT", "! --ctorigdst 10.244.0.4", CAPTURED],
    ["INPUT", "--ctorigdstport 80", "timed-out"],
    ["INPUT", "--ctreplsrc 127.0.0.1 --ctreplsrcport 15001", "timed-out"],
    ["INPUT", "--ctrepldst 10.244.0.2 --ctdir ORIGINAL", "timed-out"],
    ["INPUT", "--ctproto 17", CAPTURED],
    ["INPUT", "--ctstatus SEEN_REPLY --ctdir ORIGINAL", "unanswered"],
    ["INPUT", "--ctstatus EXPECTED", CAPTURED],
    ["INPUT", "! --ctstatus NONE", "timed-out"],
    ["OUTPUT", "--ctstatus CONFIRMED --ctdir REPLY", "timed-out"],
    ["INPUT", "--ctstatus ASSURED", "unanswered"],
  ])("in %s: %s", (chain, match, landing) => check(rulesOf(drop(chain, match)), [["app -> upstream:80", landing]]));
  test("nothing if there is none, unless a state of the same match holds", () => {
    const untracked = (match: string) =>
      rulesOf(["raw", "4 -A OUTPUT -j NOTRACK", "filter", `4 -A OUTPUT -m conntrack ${match} -j DROP`]);
    check(untracked("! --ctproto 17"), [["app -> upstream:80", PLAIN]]);
    check(untracked("--ctstate UNTRACKED --ctproto 17"), [["app -> upstream:80", "timed-out"]]);
    check(untracked("--ctstate UNTRACKED -m conntrack ! --ctproto 17"), [["app -> upstream:80", PLAIN]]);
  });
});
