import { describe, test } from "vitest";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { nftRules } from "../nft-vectors.ts";
import { check, rulesOf, withShape } from "./setup.ts";

const CAPTURED = "envoy-outbound:15001 of 10.244.0.4:80 from 10.244.0.2:0";
const PLAIN = "upstream:80 from 10.244.0.2:0";
const CAPTURE = "4 -A OUTPUT -p tcp -j REDIRECT --to-ports 15001";

describe("connection tracking", () => {
  test("is NEW for a SYN, ESTABLISHED for what answers it, INVALID in raw before it is looked at", () => {
    const drop = (table: string, chain: string, state: string) => [
      table,
      `4 -A ${chain} -m conntrack --ctstate ${state} -j DROP`,
    ];
    check(rulesOf(drop("mangle", "PREROUTING", "NEW")), [["client -> pod:81", "timed-out"]]);
    check(rulesOf(drop("mangle", "OUTPUT", "NEW")), [["client -> pod:81", "app:81 from 10.244.0.3:0"]]);
    check(rulesOf(drop("mangle", "OUTPUT", "ESTABLISHED")), [["client -> pod:81", "timed-out"]]);
    check(rulesOf(drop("raw", "PREROUTING", "NEW,ESTABLISHED")), [["client -> pod:81", "app:81 from 10.244.0.3:0"]]);
    check(rulesOf(drop("raw", "PREROUTING", "INVALID")), [["client -> pod:81", "timed-out"]]);
  });

  test("stays with a packet on loopback, so that raw PREROUTING sees NEW", () => {
    const rules = ["raw", "4 -A PREROUTING -i lo -m conntrack --ctstate NEW -j DROP"];
    check(rulesOf(rules), [["app -> localhost:81", "timed-out"]]);
  });

  test("does not consult nat for a packet that is not tracked", () => {
    check(rulesOf(["raw", "4 -A OUTPUT -p tcp -j CT --notrack", "nat", CAPTURE]), [["app -> upstream:80", PLAIN]]);
    check(rulesOf(["raw", "4 -A OUTPUT -p tcp --dport 443 -j CT --notrack", "nat", CAPTURE]), [
      ["app -> upstream:80", CAPTURED],
    ]);
    check(rulesOf(["raw", "4 -A PREROUTING -i lo -j CT --notrack", "nat", CAPTURE]), [
      ["app -> upstream:80", CAPTURED],
    ]);
  });

  test("is off if no rule needs it, so that nat chains are not consulted", () => {
    check(rulesOf(["nat", "4 -A OUTPUT -p tcp -j ACCEPT", "filter", "4 -A OUTPUT -p tcp --dport 81 -j DROP"]), [
      ["app -> upstream:80", PLAIN],
    ]);
  });

  test("takes the answers of an untracked connection for a new connection, which nat redirects", () => {
    check(rulesOf(["raw", "4 -A PREROUTING -i eth0 -j CT --notrack", "nat", CAPTURE]), [["client -> pod:81", "reset"]]);
    const ofApps = ["raw", "4 -A OUTPUT -p tcp -m owner --uid-owner 1-1000 -j CT --notrack", "nat", CAPTURE];
    check(rulesOf(ofApps), [["uid=999,gid=1337 -> localhost:15006", "reset"]]);
  });

  test("takes what follows a SYN for INVALID if the answer to the SYN was untracked", () => {
    const only = (target: string) => [
      ...["raw", "4 -A OUTPUT -o eth0 -j CT --notrack"],
      ...["filter", `4 -A INPUT -m conntrack --ctstate INVALID -j ${target}`],
    ];
    check(rulesOf(only("DROP")), [
      ["client -> pod:81", "unanswered"],
      ["client -> pod:9", "refused:9"],
    ]);
    check(rulesOf(only("REJECT --reject-with tcp-reset").map((line) => line.replace("INPUT", "INPUT -p tcp"))), [
      ["client -> pod:81", "reset"],
    ]);
    const other = [
      ...["raw", "4 -A PREROUTING -j CT --notrack"],
      ...["filter", "4 -A OUTPUT -m conntrack --ctstate INVALID -j DROP"],
    ];
    check(rulesOf(other), [["app -> upstream:80", "unanswered"]]);
  });

  test("tracks an ICMP error of REJECT that answers an untracked packet, and not one of nft's reject", () => {
    const rejected = ["filter", "4 -A INPUT -m conntrack --ctstate UNTRACKED -j REJECT"];
    const untracked = ["raw", "4 -A OUTPUT -j CT --notrack"];
    check(rulesOf([...untracked, ...rejected]), [["app -> localhost:81", "refused:81"]]);
    check(rulesOf([...untracked, "4 -A PREROUTING -j CT --notrack", ...rejected]), [
      ["app -> localhost:81", "refused:81"],
    ]);
    const own = `table ip t {
      chain o { type filter hook output priority -300; notrack; }
      chain i { type filter hook input priority 0; ct state untracked reject; }
    }`;
    check({ ...nftRules(own), policyRouting: NO_POLICY_ROUTING }, [["app -> localhost:81", "timed-out"]]);
  });

  test("follows nft's zone of what was not to be tracked, but not a new destination on lo; CT gives it none", () => {
    // In the kernel it is tracked after all, redirected, and then lost: app -> pod:8080 times out.
    const zoned = `table ip t {
      chain o { type filter hook output priority -300; notrack; }
      chain p { type filter hook prerouting priority -300; ct zone set 1; }
      chain n { type nat hook prerouting priority -100; meta l4proto tcp redirect to :15006; }
    }`;
    const cause = "a new destination of what the pod sends itself, tracked only as it comes in";
    check({ ...nftRules(zoned), policyRouting: NO_POLICY_ROUTING }, [
      ["app -> pod:8080", `could-not-look: the landing depends on what is not known: ${cause}`],
    ]);
    const tracked = (state: string) => `table ip t {
      chain p { type filter hook prerouting priority -300; notrack; ct zone set 1; }
      chain i { type filter hook input priority 0; ct zone 1 ct state ${state} drop; }
    }`;
    const rows = ["new", "untracked"].map((state) => ({
      ...nftRules(tracked(state)),
      policyRouting: NO_POLICY_ROUTING,
    }));
    check(rows[0] ?? rulesOf([]), [["client -> pod:8080", "timed-out"]]);
    check(rows[1] ?? rulesOf([]), [["client -> pod:8080", "app:8080 from 10.244.0.3:0"]]);
    const byTarget = ["raw", "4 -A OUTPUT -j CT --notrack", "4 -A PREROUTING -j CT --zone 1"];
    const redirected = ["nat", "4 -A PREROUTING -p tcp -j REDIRECT --to-ports 15006"];
    check(rulesOf([...byTarget, ...redirected]), [["app -> pod:8080", "app:8080 from 10.244.0.2:0"]]);
  });

  test("leaves open how nat translates what gets a zone only after connection tracking", () => {
    // The answer to an untracked SYN is INVALID and has no connection.
    const late = `table ip t {
      chain i { type filter hook prerouting priority -300; notrack; }
      chain o { type filter hook output priority -150; ct zone set 1; }
      chain n { type nat hook output priority -100; meta l4proto tcp redirect to :15006; }
    }`;
    const cause = "CT of zone 1, and what asks for the connection before it is tracked";
    check({ ...nftRules(late), policyRouting: NO_POLICY_ROUTING }, [
      ["client -> pod:8080", `could-not-look: the landing depends on what is not known: ${cause}`],
    ]);
  });

  test("knows no owner of what is sent before the listener accepts, so that its landing is not known", () => {
    const rules = ["raw", "4 -A OUTPUT -p tcp -m owner --uid-owner 1-1000 -j CT --notrack", "nat", CAPTURE];
    const unknown =
      "could-not-look: the landing depends on what is not known: whether the listener accepts before the request comes";
    check(rulesOf(rules), [["uid=999,gid=999 -> pod:81", unknown]]);
    check(rulesOf(rules.slice(0, 2)), [["uid=999,gid=999 -> pod:81", "app:81 from 10.244.0.2:0"]]);
  });

  test("keeps marks for later packets of the connection", () => {
    const rules = [
      ...["mangle", "4 -A PREROUTING -p tcp --syn -j CONNMARK --set-mark 7"],
      ...["filter", "4 -A OUTPUT -m connmark --mark 7 -j DROP"],
    ];
    check(rulesOf(rules), [["client -> pod:81", "timed-out"]]);
    check(rulesOf([...rules.slice(0, 3), "4 -A OUTPUT -m connmark ! --mark 7 -j DROP"]), [
      ["client -> pod:81", "app:81 from 10.244.0.3:0"],
      ["app -> upstream:80", "timed-out"],
    ]);
  });
});

describe("NAT", () => {
  test("in PREROUTING is not consulted for connections of the pod itself", () => {
    check(rulesOf(["nat", "4 -A PREROUTING -p tcp -j REDIRECT --to-ports 15006"]), [
      ["app -> pod:81", "app:81 from 10.244.0.2:0"],
      ["client -> pod:81", "envoy-inbound:15006 of 10.244.0.2:81 from 10.244.0.3:0"],
    ]);
  });

  test("sends a connection where DNAT says, and the answers come back as dialled", () => {
    check(rulesOf(["nat", "4 -A OUTPUT -p tcp --dport 80 -j DNAT --to-destination 10.96.0.1:443"]), [
      ["app -> 10.244.0.3:80", "upstream:443 of 10.244.0.3:80 from 10.244.0.2:0"],
    ]);
    check(rulesOf(["nat", "4 -A OUTPUT -p tcp -j DNAT --to-destination 127.0.0.1:81"]), [
      ["app -> upstream:80", "app:81 of 10.244.0.4:80 from 10.244.0.2:0"],
    ]);
    check(rulesOf(["nat", "4 -A PREROUTING -p tcp -j DNAT --to-destination 127.0.0.1:81"]), [
      ["client -> pod:80", "timed-out"],
    ]);
    check(rulesOf(["nat", "6 -A PREROUTING -p tcp -j DNAT --to-destination ::1"]), [
      ["client6 -> pod6:81", "timed-out"],
    ]);
    check(rulesOf(["nat", "6 -A OUTPUT -p tcp -j DNAT --to-destination ::1"]), [
      ["app6 -> pod6:81", "app:81 of [fd00:244::2]:81 from [fd00:244::2]:0"],
    ]);
  });

  test("to ::1 sends what came by eth0 out again through FORWARD, and has no route for what came by another link", () => {
    const rules = ["nat", "6 -A PREROUTING -p tcp -j DNAT --to-destination ::1"];
    const reject = ["filter", "6 -A FORWARD -j REJECT --reject-with icmp6-port-unreachable"];
    const vm = withShape({ kubevirtInterfaces: ["vm0"] });
    check(rulesOf([...rules, ...reject]), [["client6 -> pod6:8080", "refused:8080"]]);
    check(rulesOf(rules), [["vm6 -> pod6:8080", "unreachable"]], vm);
    check(
      rulesOf([...rules, "filter", "6 -A OUTPUT -s fd00:244::2/128 -j DROP"]),
      [["vm6 -> pod6:8080", "unreachable"]],
      vm,
    );
    check(rulesOf([...rules, "filter", "6 -A OUTPUT -p ipv6-icmp -j DROP"]), [["vm6 -> pod6:8080", "timed-out"]], vm);
  });

  test("lets no loopback source out of the pod, but a masqueraded one stays inside as well", () => {
    const away = "4 -A OUTPUT -p tcp -d 127.0.0.1 -j DNAT --to-destination 10.244.0.4:80";
    check(rulesOf(["nat", away]), [["app -> localhost:81", "timed-out"]]);
    check(rulesOf(["nat", "4 -A POSTROUTING -o lo -p tcp -j MASQUERADE"]), [
      ["app -> localhost:81", "app:81 from 10.244.0.2:0"],
    ]);
  });

  test("that gives a caller on loopback another source leaves a loopback listener no route for its answer", () => {
    const rules = ["nat", "4 -A POSTROUTING -p tcp -j SNAT --to-source 10.244.0.3"];
    check(rulesOf(rules), [
      ["envoy@127.0.0.6 -> 127.0.0.6:81", "timed-out"],
      ["app -> pod:81", "app:81 from 10.244.0.3:0"],
    ]);
  });

  test("with a source address of another host gets no answer", () => {
    const rules = ["nat", "4 -A POSTROUTING -p tcp -o eth0 -j SNAT --to-source 10.244.0.3"];
    check(rulesOf(rules), [["app -> upstream:80", "timed-out"]]);
  });
});

describe("marks and TPROXY", () => {
  const ROUTING = { rules: ["fwmark 0x539 lookup 133"], routes: ["local default dev lo table 133"] };
  const TPROXY =
    "4 -A PREROUTING -p tcp -i eth0 -j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff";
  const DIVERT = "4 -A PREROUTING -p tcp -m socket -j ACCEPT";

  test("bring a connection to the transparent listener under the address dialled", () => {
    const landing = "envoy-outbound:15001 of 10.244.0.2:81 from 10.244.0.3:0";
    check(rulesOf(["mangle", DIVERT, TPROXY], ROUTING), [["client -> pod:81", landing]], {
      ...withShape({ interceptionMode: "TPROXY" }),
    });
    check(
      rulesOf(["mangle", TPROXY], ROUTING),
      [["client -> pod:81", landing]],
      withShape({ interceptionMode: "TPROXY" }),
    );
  });

  test("that nat sets for a SYN are not there when it is repeated, and it is routed as if there were none", () => {
    // As the kernel has it: the first SYN is routed to the pod itself, where nobody answers for that address; the second goes out.
    const nat = `table ip t {
      chain marks { type nat hook output priority -150; meta mark set 0x539; }
      chain sends { type nat hook output priority -100; tcp dport 9090 dnat to 10.244.0.3; }
    }`;
    const { policyRouting } = rulesOf([], ROUTING);
    check({ ...nftRules(nat), policyRouting }, [
      ["app -> upstream:9090", "client:9090 of 10.244.0.4:9090 from 10.244.0.2:0"],
    ]);
  });

  test("lose the packet if the listener is not transparent", () => {
    check(rulesOf(["mangle", TPROXY], ROUTING), [["client -> pod:81", "timed-out"]]);
  });

  test("take away the answers to what the pod itself dials, unless their socket is looked for first", () => {
    const spec = withShape({ interceptionMode: "TPROXY" });
    check(rulesOf(["mangle", TPROXY], ROUTING), [["app -> upstream:80", "timed-out"]], spec);
    check(rulesOf(["mangle", DIVERT, TPROXY], ROUTING), [["app -> upstream:80", PLAIN]], spec);
  });

  test("set in mangle OUTPUT route again, and nat and filter OUTPUT still see the first route", () => {
    const mark = "4 -A OUTPUT -p tcp -j MARK --set-mark 0x539";
    check(rulesOf(["mangle", mark, "nat", "4 -A OUTPUT -o eth0 -p tcp -j REDIRECT --to-ports 15001"], ROUTING), [
      ["app -> upstream:80", CAPTURED],
    ]);
    check(rulesOf(["mangle", mark], ROUTING), [["app -> upstream:80", "timed-out"]]);
    check(rulesOf(["mangle", mark.replace("0x539", "0x538")], ROUTING), [["app -> upstream:80", PLAIN]]);
  });

  test("meet only the routing rules of their own family: a line that begins with -6 is for IPv6", () => {
    const rules = ["mangle", "-A OUTPUT -p tcp -j MARK --set-mark 0x539"];
    const both = {
      rules: [...ROUTING.rules, "-6 fwmark 0x539/0xfff lookup 100"],
      routes: [...ROUTING.routes, "-6 local default dev lo table 100"],
    };
    const plain6 = ["app6 -> upstream6:80", "upstream:80 from [fd00:244::2]:0"] as const;
    check(rulesOf(rules, both), [
      ["app -> upstream:80", "timed-out"],
      // IPv6 takes an answer from an address that is not the host's own; IPv4 does not (fib_validate_source).
      ["app6 -> upstream6:80", "refused:80"],
      ["app6 -> upstream6:8080", "app:8080 from [fd00:244::2]:0"],
    ]);
    check(rulesOf(rules, ROUTING), [plain6]);
    check(rulesOf(rules, { rules: both.rules.slice(1), routes: both.routes.slice(1) }), [
      ["app -> upstream:80", PLAIN],
    ]);
    // A rule of one family leads to no route of the other's table of the same number.
    check(rulesOf(rules, { rules: ["-6 fwmark 0x539 lookup 133"], routes: ROUTING.routes }), [plain6]);
  });
});

test("a packet that TPROXY gave to a socket is not forwarded", () => {
  const tproxy = "4 -A PREROUTING -p tcp -i vm0 -j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1";
  const spec = withShape({ kubevirtInterfaces: ["vm0"], interceptionMode: "TPROXY" });
  check(rulesOf(["mangle", tproxy]), [["vm -> upstream:80", "timed-out"]], spec);
});

describe("a virtual machine behind an interface", () => {
  const spec = withShape({ kubevirtInterfaces: ["vm0"] });

  test("is forwarded through FORWARD, which sees both interfaces", () => {
    check(rulesOf([]), [["vm -> upstream:80", "upstream:80 from 10.245.0.2:0"]], spec);
    check(rulesOf(["filter", "4 -A FORWARD -i vm0 -o eth0 -j DROP"]), [["vm -> upstream:80", "timed-out"]], spec);
    check(rulesOf(["filter", "4 -A FORWARD -i eth0 -o vm0 -j DROP"]), [["vm -> upstream:80", "timed-out"]], spec);
    check(
      rulesOf(["filter", "4 -A FORWARD -i vm0 -o vm0 -j DROP"]),
      [["vm -> upstream:80", "upstream:80 from 10.245.0.2:0"]],
      spec,
    );
  });

  test("is redirected to the pod's address on its own link", () => {
    check(
      rulesOf(["nat", "4 -A PREROUTING -i vm0 -p tcp -j REDIRECT --to-ports 15001"]),
      [
        ["vm -> upstream:80", "envoy-outbound:15001 of 10.244.0.4:80 from 10.245.0.2:0"],
        ["client -> pod:81", "app:81 from 10.244.0.3:0"],
      ],
      spec,
    );
  });
});

describe("-m socket --nowildcard", () => {
  test("holds for what only passes through the pod too, where the pod listens on that port", () => {
    const rules = rulesOf(["raw", "-A PREROUTING -p tcp -m socket --nowildcard -j DROP"]);
    const vm = { ...withShape({ kubevirtInterfaces: ["vm0"] }), clientPorts: [8080, 9090] };
    check(
      rules,
      [
        ["vm -> client:8080", "timed-out"],
        ["vm6 -> client6:8080", "timed-out"],
      ],
      vm,
    );
    check(rules, [["vm -> client:9090", "client:9090 from 10.245.0.2:0"]], vm);
    check(
      rulesOf(["raw", "-A PREROUTING -p tcp -m socket -j DROP"]),
      [["vm -> client:8080", "client:8080 from 10.245.0.2:0"]],
      vm,
    );
  });
});
