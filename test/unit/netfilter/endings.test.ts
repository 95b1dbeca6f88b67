import { describe, test } from "vitest";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { nftRules } from "../nft-vectors.ts";
import { check, rulesOf, withShape } from "./setup.ts";

function reject(chain: string, how: string, ...matches: readonly string[]): readonly string[] {
  return ["filter", `4 -A ${chain} -p tcp ${matches.join(" ")} -j REJECT --reject-with ${how}`];
}

describe("a reset", () => {
  test("that TPROXY gives to its listener does not come to who dialled", () => {
    const taken = "chain p { type filter hook prerouting priority 0; meta l4proto tcp tproxy ip to :15001 accept\n }";
    const away = "chain o { type nat hook output priority -100; tcp dport 443 dnat ip to 10.244.0.4:81\n }";
    const spec = withShape({ interceptionMode: "TPROXY" });
    const land = (...chains: readonly string[]) => ({
      ...nftRules(`table inet t { ${chains.join("\n")}\n }`),
      policyRouting: NO_POLICY_ROUTING,
    });
    // Nat undoes what it did in input: before, the reset is of no connection there is.
    check(land(taken, away), [["app -> upstream:443", "timed-out"]], spec);
    check(land(taken), [["app -> upstream:81", "refused:81"]], spec);
    check(land(away), [["app -> upstream:443", "refused:81"]], spec);
  });
});

test("a listener's own port, dialled and redirected and given back by tproxy, was dialled all the same", () => {
  const chains = [
    "chain p { type filter hook prerouting priority -310; meta l4proto tcp tproxy ip to :15006 accept\n }",
    "chain o { type nat hook output priority -100; meta l4proto tcp redirect to :15001\n }",
  ];
  const rules = { ...nftRules(`table inet t { ${chains.join("\n")}\n }`), policyRouting: NO_POLICY_ROUTING };
  const landing = "envoy-inbound:15006 of 127.0.0.1:15006 from 127.0.0.1:0";
  check(rules, [["root -> localhost:15006", landing]], withShape({ interceptionMode: "TPROXY" }));
});

test("a repeated SYN goes to the socket that the first one has made, if TPROXY finds that", () => {
  const taken = "6 -A PREROUTING -p tcp --syn -j TPROXY --on-port 15006 --on-ip :: --tproxy-mark 0x1/0x1";
  const away = "6 -A POSTROUTING -o lo -p tcp -j SNAT --to-source fd00:244::3";
  // The SYN-ACK, too, is given to TPROXY, which finds nobody for it.
  const answer = taken.replace("--syn", "--tcp-flags SYN,ACK SYN,ACK");
  check(rulesOf(["mangle", taken, answer, "nat", away]), [["root6 -> localhost6:80", "timed-out"]], {
    ...withShape({ interceptionMode: "TPROXY" }),
  });
});

describe("REJECT", () => {
  test.each([
    ["icmp-port-unreachable", "refused"],
    ["icmp-net-unreachable", "unreachable"],
    ["icmp-host-unreachable", "unreachable"],
    ["icmp-proto-unreachable", "unreachable"],
    ["icmp-net-prohibited", "unreachable"],
    ["icmp-host-prohibited", "unreachable"],
    ["icmp-admin-prohibited", "unreachable"],
    ["tcp-reset", "refused"],
  ])("with %s ends an attempt as %s", (how, kind) => {
    const landing = kind === "refused" ? "refused:8080" : kind;
    check(rulesOf(reject("INPUT", how)), [["client -> pod:8080", landing]]);
    check(rulesOf(reject("OUTPUT", how, "--dport 8080")), [["app -> upstream:8080", landing]]);
  });

  test("is a time-out if its own answer is lost", () => {
    const lost = [...reject("INPUT", "icmp-port-unreachable"), "4 -A OUTPUT -p icmp -j DROP"];
    check(rulesOf(lost), [["client -> pod:8080", "timed-out"]]);
    const related = [...reject("INPUT", "tcp-reset"), "mangle", "4 -A OUTPUT -m conntrack --ctstate RELATED -j DROP"];
    check(rulesOf(related), [["client -> pod:8080", "timed-out"]]);
  });

  test("names to the caller the address that it dialled, whatever NAT did", () => {
    const redirect = ["nat", "-A PREROUTING -p tcp -j REDIRECT --to-ports 15006"];
    check(rulesOf([...redirect, ...reject("INPUT", "icmp-port-unreachable")]), [
      ["client -> pod:8080", "refused:15006"],
    ]);
  });

  test("resets a made connection; an ICMP error does not touch it", () => {
    const established = "-m conntrack --ctstate ESTABLISHED";
    check(rulesOf(reject("INPUT", "tcp-reset", established)), [["client -> pod:8080", "reset"]]);
    check(rulesOf(reject("INPUT", "icmp-port-unreachable", established)), [["client -> pod:8080", "unanswered"]]);
  });

  test("answers a SYN that is repeated after its SYN-ACK was lost, as ESTABLISHED", () => {
    const established = "-m conntrack --ctstate ESTABLISHED";
    check(rulesOf(reject("OUTPUT", "icmp-port-unreachable", established)), [
      ["app -> pod:8080", "refused:8080"],
      ["client -> pod:8080", "timed-out"],
    ]);
    check(rulesOf(["filter", `-A OUTPUT -p tcp ${established} -j DROP`]), [["app -> pod:8080", "timed-out"]]);
  });

  test("of segments without FIN stops an answer in INPUT, but not in the pod's own OUTPUT", () => {
    const open = "4 -A OUTPUT -p tcp --tcp-flags PSH,FIN PSH -j DROP";
    check(rulesOf(["filter", open]), [["client -> pod:8080", "app:8080 from 10.244.0.3:0"]]);
    check(rulesOf(["filter", open.replace("OUTPUT -p tcp", "INPUT -p tcp --sport 8080")]), [
      ["app -> pod:8080", "unanswered"],
    ]);
  });

  test("does not take a FIN for the middle of a connection", () => {
    const untracked = ["raw", "4 -A OUTPUT -p tcp --dport 1:80 -j NOTRACK"];
    const begun = "4 -A OUTPUT -m connmark --mark 0x0 -j REJECT --reject-with icmp-port-unreachable";
    check(rulesOf([...untracked, "filter", begun]), [["app -> pod:22", "app:22 from 10.244.0.2:0"]]);
  });

  test("leaves the caller waiting if its answer is reset; if the ACK is lost too, it repeats the request and is reset", () => {
    const answer = "4 -A OUTPUT -p tcp --tcp-flags PSH PSH -j REJECT --reject-with tcp-reset";
    const ack = "4 -A OUTPUT -p tcp --tcp-flags SYN,RST,PSH,ACK ACK -j DROP";
    check(rulesOf(["filter", answer]), [["client -> pod:8080", "unanswered"]]);
    check(rulesOf(["filter", answer, ack]), [["client -> pod:8080", "reset"]]);
  });
});

describe("IPv6", () => {
  test("sends no reset to ::1 from the pod's own address", () => {
    check(rulesOf([], { addresses: ["::6/128 dev lo"] }), [
      ["app@::1 -> pod6:82", "timed-out"],
      ["app@::1 -> pod6:81", "app:81 from [::1]:0"],
      ["app@::1 -> localhost6:82", "refused:82"],
      ["app@::6 -> pod6:82", "refused:82"],
    ]);
  });

  test("sends a reset to ::1 if a rule has it routed again", () => {
    const mark = "6 -A OUTPUT -p tcp --sport 82 -j MARK --set-mark 7";
    check(rulesOf(["mangle", mark]), [
      ["app@::1 -> pod6:82", "refused:82"],
      ["app@::1 -> pod6:83", "timed-out"],
    ]);
    check(rulesOf(["mangle", "6 -A OUTPUT -p tcp --sport 82 -j MARK --set-mark 0"]), [
      ["app@::1 -> pod6:82", "timed-out"],
    ]);
  });

  test("sends a reset to a peer that SNAT gave the address ::1", () => {
    check(rulesOf(["nat", "6 -A INPUT -p tcp -j SNAT --to-source ::1"]), [["upstream6 -> pod6:82", "refused:82"]]);
  });

  test("calls local addresses unicast, and makes every named type a condition", () => {
    const drop = (types: string) => ["filter", `-A INPUT -m addrtype --dst-type ${types} -j DROP`];
    check(rulesOf(drop("UNICAST")), [
      ["client6 -> pod6:81", "timed-out"],
      ["client -> pod:81", "app:81 from 10.244.0.3:0"],
    ]);
    check(rulesOf(drop("LOCAL")), [
      ["client6 -> pod6:81", "timed-out"],
      ["client -> pod:81", "timed-out"],
    ]);
  });
});

describe("what is not known", () => {
  const limited = (target: string) => ["nat", `4 -A OUTPUT -p tcp -m limit --limit 5/min -j ${target}`];

  test("is reported if the landing depends on it", () => {
    check(rulesOf(limited("REDIRECT --to-ports 15001")), [
      ["app -> upstream:80", "could-not-look: the landing depends on what is not known: -m limit --limit 5/min"],
      ["app6 -> upstream6:80", "upstream:80 from [fd00:244::2]:0"],
    ]);
  });

  test("does not matter if every answer leads to the same landing", () => {
    check(rulesOf([...limited("ACCEPT")]), [["app -> upstream:80", "upstream:80 from 10.244.0.2:0"]]);
  });

  test("includes unknown targets, and random choices of the kernel", () => {
    const why = "could-not-look: the landing depends on what is not known:";
    check(rulesOf(["mangle", "4 -A OUTPUT -p tcp -j NFQUEUE --queue-num 1"]), [
      ["app -> upstream:80", `${why} -j NFQUEUE --queue-num 1`],
    ]);
    check(rulesOf(["nat", "4 -A OUTPUT -p tcp -j REDIRECT --to-ports 15001-15006 --random"]), [
      ["app -> upstream:80", `${why} a random port of 15001-15006`],
    ]);
    check(rulesOf(["filter", "4 -A OUTPUT -p tcp --sport 40000 -j DROP"]), [
      ["app -> upstream:80", `${why} the free source port is in 40000:40000`],
    ]);
    check(rulesOf(["filter", "4 -A OUTPUT -p tcp --sport 32768:60999 -j DROP"]), [["app -> upstream:80", "timed-out"]]);
    check(rulesOf(["filter", "4 -A OUTPUT -p tcp --sport 1:32767 -j DROP"]), [
      ["app -> upstream:80", "upstream:80 from 10.244.0.2:0"],
    ]);
  });
});

test("-m socket takes an ICMP error for the socket that it tells of", () => {
  check(rulesOf(["raw", "-A PREROUTING -i eth0 -m socket -j DROP"]), [
    ["app -> 10.97.0.1:80", "timed-out"],
    ["app6 -> [2001:db8::99]:80", "timed-out"],
  ]);
});

test("an address that no host has is unreachable, also for a masqueraded caller", () => {
  const spec = withShape({ kubevirtInterfaces: ["vm0"] });
  check(rulesOf(["nat", "-A POSTROUTING -p tcp -j MASQUERADE"]), [["vm6 -> [2001:db8::99]:81", "unreachable"]], spec);
});
