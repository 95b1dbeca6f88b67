import { describe, test } from "vitest";
import { parseRoutingTexts } from "../../../harness/formats/routing-texts.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { takingDatagrams } from "../../istio-pod.ts";
import { nftRules } from "../nft-vectors.ts";
import { check, rulesOf, withShape } from "./setup.ts";

const PEERS = { udp: { app: [8080, 81], upstream: [53], client: [9090] } };
const STUB_PORTS = [15001, 15006];
const UDP = { ...PEERS, shape: takingDatagrams(withShape({}).shape, STUB_PORTS) };
const PLAIN = "upstream:53 from 10.244.0.2:0";
const TAKEN = "envoy-outbound:15001 of 10.244.0.4:53 from 10.244.0.2:0";
const REDIRECT = "-A OUTPUT -p udp --dport 53 -j REDIRECT --to-ports 15001";

describe("a datagram", () => {
  test("lands on the UDP listener of its port, never on a TCP listener", () => {
    check(
      rulesOf([]),
      [
        ["app -> upstream:53/udp", PLAIN],
        ["app -> upstream:80/udp", "refused:80"],
        ["app -> upstream:53", "refused:53"],
        ["client -> pod:15020/udp", "refused:15020"],
        ["client6 -> pod6:8080/udp", "app:8080 from [fd00:244::3]:0"],
      ],
      UDP,
    );
    check(rulesOf([]), [["client -> pod:8080/udp", "refused:8080"]]);
  });

  test("is redirected by rules for udp and for all protocols, not by those for tcp", () => {
    check(rulesOf(["nat", REDIRECT]), [["app -> upstream:53/udp", TAKEN]], UDP);
    const all = rulesOf(["nat", "4 -A OUTPUT -d 10.244.0.4 -j REDIRECT"]);
    check(all, [["app -> upstream:8080/udp", "app:8080 of 10.244.0.4:8080 from 10.244.0.2:0"]], UDP);
    check(
      rulesOf(["nat", "-A OUTPUT -p tcp --dport 53 -j REDIRECT --to-ports 15001"]),
      [["app -> upstream:53/udp", PLAIN]],
      UDP,
    );
  });

  test("is passed on by a proxy, and loops where the proxy's own is taken again, whoever hears of it", () => {
    const pass = (rules: readonly string[], landing: string) =>
      check(rulesOf(["nat", ...rules]), [["forward app -> upstream:53/udp", landing]], UDP);
    const loop = `loop via ${Array.from({ length: 8 }, () => "envoy-outbound:15001").join()}`;
    const own = "-A OUTPUT -m owner --uid-owner 1337 -j RETURN";
    pass([REDIRECT], loop);
    pass([own, REDIRECT], "upstream:53 from 10.244.0.2:0 via envoy-outbound:15001");
    const lost = ["filter", "-A INPUT -p udp --sport 53 -j DROP"];
    pass([own, REDIRECT, ...lost], "unanswered");
    // The proxy's answers are dropped, and it is asked again all the same.
    pass([REDIRECT, "filter", "-A OUTPUT -p udp --sport 15001 -m owner --uid-owner 1337 -j DROP"], loop);
  });

  test("is of a connection of its own protocol", () => {
    for (const [protocol, landing] of [
      ["udp", "timed-out"],
      ["tcp", PLAIN],
      ["!= tcp", "timed-out"],
    ]) {
      const chain = `type filter hook output priority 0; ct protocol ${protocol} drop`;
      const rules = { ...nftRules(`table ip t { chain o { ${chain}\n } }`), policyRouting: NO_POLICY_ROUTING };
      check(rules, [["app -> upstream:53/udp", landing ?? ""]], UDP);
    }
  });

  test("that a mark brings to the pod under another's address is refused by nobody: the error has no source", () => {
    const chain = "chain o { type route hook output priority -150; udp dport 9 meta mark set 0x539\n }";
    const policyRouting = parseRoutingTexts({
      rules: ["fwmark 0x539 lookup 133", "-6 fwmark 0x539 lookup 133"],
      routes: ["local default dev lo table 133", "-6 local default dev lo table 133"],
      addresses: [],
    });
    const rules = { ...nftRules(`table inet t { ${chain}\n }`), policyRouting };
    check(
      rules,
      [
        ["app -> client:9/udp", "timed-out"],
        ["app -> pod:9/udp", "refused:9"],
        ["app -> client:10/udp", "refused:10"],
      ],
      UDP,
    );
  });

  test("has an answer that meets the rules, too", () => {
    check(rulesOf(["filter", "-A INPUT -p udp --sport 53 -j DROP"]), [["app -> upstream:53/udp", "unanswered"]], UDP);
    check(rulesOf(["filter", "-A INPUT -p udp --sport 53 -j REJECT"]), [["app -> upstream:53/udp", "unanswered"]], UDP);
    check(
      rulesOf(["filter", "-A OUTPUT -p udp --sport 8080 -j DROP"]),
      [["client -> pod:8080/udp", "unanswered"]],
      UDP,
    );
  });

  test("that is dropped times out, and one that is rejected ends as the ICMP error says, unless rules stop the error", () => {
    check(rulesOf(["filter", "-A OUTPUT -p udp -j DROP"]), [["app -> upstream:53/udp", "timed-out"]], UDP);
    check(rulesOf(["filter", "-A OUTPUT -p udp -j REJECT"]), [["app -> upstream:53/udp", "refused:53"]], UDP);
    check(
      rulesOf(["filter", "4 -A OUTPUT -p udp -j REJECT --reject-with icmp-host-unreachable"]),
      [["app -> upstream:53/udp", "unreachable"]],
      UDP,
    );
    check(rulesOf(["filter", "4 -A INPUT -p icmp -j DROP"]), [["app -> upstream:54/udp", "timed-out"]], UDP);
    check(
      rulesOf(["filter", "4 -A OUTPUT -p icmp -m owner ! --uid-owner 1337 -j DROP"]),
      [["client -> pod:9/udp", "timed-out"]],
      UDP,
    );
  });

  test("is NEW until it is answered, and a port-unreachable is RELATED to it", () => {
    const drop = (chain: string, state: string) =>
      rulesOf(["filter", `-A ${chain} -m conntrack --ctstate ${state} -j DROP`]);
    check(drop("INPUT", "ESTABLISHED"), [["app -> upstream:53/udp", "unanswered"]], UDP);
    check(
      drop("INPUT", "RELATED"),
      [
        ["app -> upstream:53/udp", PLAIN],
        ["app -> upstream:54/udp", "timed-out"],
      ],
      UDP,
    );
    check(
      drop("OUTPUT", "ESTABLISHED"),
      [
        ["app -> upstream:53/udp", PLAIN],
        ["again app -> upstream:53/udp", "timed-out"],
      ],
      UDP,
    );
    const answersLost = [
      "filter",
      "-A INPUT -p udp --sport 53 -j DROP",
      "-A OUTPUT -m conntrack --ctstate ESTABLISHED -j DROP",
    ];
    // The answer has been seen where it came in, although it was then dropped.
    check(rulesOf(answersLost), [["again app -> upstream:53/udp", "timed-out"]], UDP);
  });

  test("is translated like the earlier one of the same socket, without consulting nat again", () => {
    const once = ["nat", "-A OUTPUT -p udp --dport 53 -m conntrack --ctstate NEW -j REDIRECT --to-ports 15001"];
    check(rulesOf(once), [["again app -> upstream:53/udp", TAKEN]], UDP);
  });

  test("shows what was dialled in any zone, and is answered from the wrong end point if the answer is in another zone", () => {
    const zone = "-A OUTPUT -p udp --dport 53 -j CT --zone 1";
    const back = "-A OUTPUT -p udp --sport 15001 -j CT --zone 1";
    check(rulesOf(["raw", zone, back, "nat", REDIRECT]), [["app -> upstream:53/udp", TAKEN]], UDP);
    check(
      rulesOf(["raw", zone, "nat", REDIRECT]),
      [["app -> upstream:53/udp", "unanswered, answered from 127.0.0.1:15001"]],
      UDP,
    );
    const oneWay = zone.replace("--zone", "--zone-orig");
    check(rulesOf(["raw", oneWay, "nat", REDIRECT]), [["app -> upstream:53/udp", TAKEN]], UDP);
  });

  test("is answered where the answer alone is in a zone of one direction, which no entry of the other direction is found in", () => {
    const question = ["raw", "-A OUTPUT -p udp --dport 53 -j CT --zone 1"];
    const answers = (options: string) => `-A PREROUTING -p udp --sport 53 -j CT ${options}`;
    const flows: readonly [string, string][] = [
      ["app -> upstream:53/udp", PLAIN],
      ["again app -> upstream:53/udp", PLAIN],
    ];
    for (const options of ["--zone 1", "--zone-reply 1", "--zone-orig 1", "--zone-orig 2"])
      check(rulesOf([...question, answers(options), "nat", "-A OUTPUT -p tcp -j REDIRECT"]), flows, UDP);
  });

  test("is unanswered if the answer begins an exchange that has the ends of the question's in a zone of it", () => {
    const question = ["raw", "-A OUTPUT -p udp --dport 53 -j CT --zone-reply 1"];
    check(
      rulesOf([...question, "nat", "-A OUTPUT -p tcp -j REDIRECT"]),
      [
        ["app -> upstream:53/udp", "unanswered"],
        ["again app -> upstream:53/udp", "unanswered"],
      ],
      UDP,
    );
    const answers = "-A PREROUTING -p udp --sport 53 -j CT --zone 1";
    check(
      rulesOf([...question, answers, "nat", "-A OUTPUT -p tcp -j REDIRECT"]),
      [["app -> upstream:53/udp", PLAIN]],
      UDP,
    );
  });

  test("is accepted through TPROXY under its destination, and answered from there", () => {
    const rules = ["mangle", "4 -A PREROUTING -p udp -j TPROXY --on-port 15006 --tproxy-mark 0x539"];
    const pod = { ...PEERS, shape: takingDatagrams(withShape({ interceptionMode: "TPROXY" }).shape, STUB_PORTS) };
    check(rulesOf(rules), [["client -> pod:99/udp", "envoy-inbound:15006 of 10.244.0.2:99 from 10.244.0.3:0"]], pod);
    check(rulesOf(rules), [["client -> pod:99/udp", "timed-out"]], UDP);
  });

  test("for another host's address reaches a plain listener if a route says so, which cannot answer from there", () => {
    const rules = ["mangle", "4 -A PREROUTING -i vm0 -p udp -j MARK --set-mark 0x539"];
    const routing = { rules: ["fwmark 0x539 lookup 133"], routes: ["local default dev lo table 133"] };
    const pod = { ...PEERS, shape: takingDatagrams(withShape({ kubevirtInterfaces: ["vm0"] }).shape, STUB_PORTS) };
    check(rulesOf(rules, routing), [["vm -> upstream:8080/udp", "unanswered"]], pod);
  });

  test("that TEE copies is not predicted, since the copy reaches its listener as well", () => {
    const unknown = "could-not-look: the landing depends on what is not known: TEE --gateway 10.244.0.3, of a datagram";
    check(
      rulesOf(["mangle", "4 -A OUTPUT -p udp -j TEE --gateway 10.244.0.3"]),
      [["app -> upstream:53/udp", unknown]],
      UDP,
    );
  });
});
