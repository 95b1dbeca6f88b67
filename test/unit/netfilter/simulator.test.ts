import { describe, expect, test } from "vitest";
import { makeChain, makeIptablesTable } from "../../../harness/model/iptables-tables.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import type { PodRules } from "../../../harness/model/ruleset.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { check, rulesOf, SPEC } from "./setup.ts";

const SEED = [
  "nat",
  ":ISTIO_INBOUND - [0:0]",
  ":ISTIO_IN_REDIRECT - [0:0]",
  ":ISTIO_OUTPUT - [0:0]",
  ":ISTIO_REDIRECT - [0:0]",
  "-A PREROUTING -p tcp -j ISTIO_INBOUND",
  "-A OUTPUT -p tcp -j ISTIO_OUTPUT",
  "-A ISTIO_INBOUND -p tcp -m tcp --dport 22 -j RETURN",
  "-A ISTIO_INBOUND -p tcp -m tcp --dport 15020 -j RETURN",
  "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT",
  "-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006",
  "4 -A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN",
  "6 -A ISTIO_OUTPUT -s ::6/128 -o lo -j RETURN",
  "4 -A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -j ISTIO_IN_REDIRECT",
  "6 -A ISTIO_OUTPUT ! -d ::1/128 -o lo -j ISTIO_IN_REDIRECT",
  "-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN",
  "-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN",
  "4 -A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN",
  "6 -A ISTIO_OUTPUT -d ::1/128 -j RETURN",
  "-A ISTIO_OUTPUT -j ISTIO_REDIRECT",
  "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
];
const WITH_PASS_THROUGH = { addresses: ["::6/128 dev lo"] };

describe("without rules a flow lands where it was dialled", () => {
  test("on listeners, on closed ports, and nowhere", () => {
    check(rulesOf([]), [
      ["client -> pod:8080", "app:8080 from 10.244.0.3:0"],
      ["client -> pod:82", "refused:82"],
      ["app -> upstream:80", "upstream:80 from 10.244.0.2:0"],
      ["app -> upstream:81", "refused:81"],
      ["app -> 10.96.0.1:443", "upstream:443 from 10.244.0.2:0"],
      ["app -> 10.97.0.1:443", "unreachable"],
      ["app -> 224.0.0.1:80", "unreachable"],
      ["app6 -> [ff02::1]:80", "unreachable"],
      ["app -> client:9090", "client:9090 from 10.244.0.2:0"],
      ["app -> localhost:81", "app:81 from 127.0.0.1:0"],
      ["app -> 127.3.2.1:81", "app:81 from 127.0.0.1:0"],
      ["app -> pod:15006", "envoy-inbound:15006 from 10.244.0.2:0"],
      ["client -> upstream:80", "upstream:80 from 10.244.0.3:0"],
      ["client -> localhost:9090", "client:9090 from 127.0.0.1:0"],
      ["app@127.0.0.1 -> pod:81", "app:81 from 127.0.0.1:0"],
      ["client6 -> pod6:15020", "status:15020 from [fd00:244::3]:0"],
      ["app6 -> [2001:db8::1]:80", "upstream:80 from [fd00:244::2]:0"],
    ]);
  });

  test("and a source that no host has cannot be bound", () => {
    check(rulesOf([]), [
      ["vm -> upstream:80", "could-not-look: there is no vm: the pod has no interface for one (-k)"],
      [
        "app@127.0.0.1 -> upstream:80",
        "could-not-look: nothing can be dialled from 127.0.0.1 at 10.244.0.4: a loopback address cannot be a source outside its host",
      ],
      [
        "app@10.9.9.9 -> upstream:80",
        "could-not-look: no socket can be bound to 10.9.9.9: the host that dials does not have that address",
      ],
    ]);
  });
});

describe("the seed rules", () => {
  test("capture outbound traffic of every owner but the proxy", () => {
    check(rulesOf(SEED), [
      ["app -> upstream:80", "envoy-outbound:15001 of 10.244.0.4:80 from 10.244.0.2:0"],
      ["root -> 10.96.0.1:9", "envoy-outbound:15001 of 10.96.0.1:9 from 10.244.0.2:0"],
      ["envoy -> upstream:80", "upstream:80 from 10.244.0.2:0"],
      ["uid=1337,gid=7 -> upstream:80", "upstream:80 from 10.244.0.2:0"],
      ["uid=7,gid=1337 -> upstream:80", "upstream:80 from 10.244.0.2:0"],
      ["uid=1338,gid=1336 -> upstream:80", "envoy-outbound:15001 of 10.244.0.4:80 from 10.244.0.2:0"],
      ["app6 -> upstream6:80", "envoy-outbound:15001 of [fd00:244::4]:80 from [fd00:244::2]:0"],
      ["envoy6 -> upstream6:80", "upstream:80 from [fd00:244::2]:0"],
    ]);
  });

  test("capture inbound traffic except on two ports", () => {
    check(rulesOf(SEED), [
      ["client -> pod:8080", "envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.3:0"],
      ["client -> pod:82", "envoy-inbound:15006 of 10.244.0.2:82 from 10.244.0.3:0"],
      ["client -> pod:22", "app:22 from 10.244.0.3:0"],
      ["client -> pod:15020", "status:15020 from 10.244.0.3:0"],
      ["client -> pod:15006", "envoy-inbound:15006 from 10.244.0.3:0"],
      ["client6 -> pod6:8080", "envoy-inbound:15006 of [fd00:244::2]:8080 from [fd00:244::3]:0"],
    ]);
  });

  test("do not capture loopback, and capture calls to the pod's own address", () => {
    check(rulesOf(SEED), [
      ["app -> localhost:8080", "app:8080 from 127.0.0.1:0"],
      ["app -> localhost:82", "refused:82"],
      ["app -> pod:8080", "envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.2:0"],
      ["envoy -> pod:8080", "envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.2:0"],
      ["envoy@127.0.0.6 -> pod:8080", "app:8080 from 127.0.0.6:0"],
      ["app -> 127.0.0.2:8080", "envoy-inbound:15006 of 127.0.0.2:8080 from 127.0.0.1:0"],
    ]);
  });

  test("bring forwarded flows to their end without a loop", () => {
    check(rulesOf(SEED, WITH_PASS_THROUGH), [
      ["forward client -> pod:8080", "app:8080 from 127.0.0.6:0 via envoy-inbound:15006"],
      ["forward client6 -> pod6:8080", "app:8080 from [::6]:0 via envoy-inbound:15006"],
      ["forward client -> pod:82", "refused:82 via envoy-inbound:15006"],
      ["forward app -> upstream:80", "upstream:80 from 10.244.0.2:0 via envoy-outbound:15001"],
      ["forward app -> 10.97.0.1:80", "unreachable via envoy-outbound:15001"],
      ["forward app -> pod:8080", "app:8080 from 127.0.0.6:0 via envoy-inbound:15006"],
      ["forward client -> pod:15001", "envoy-inbound:15006 of 10.244.0.2:15001 from 10.244.0.3:0"],
    ]);
  });
});

test("without the pass-through rule a flow goes round for ever", () => {
  const eight = Array(8).fill("envoy-inbound:15006").join(",");
  check(rulesOf(SEED.filter((line) => !line.includes("127.0.0.6"))), [
    ["forward client -> pod:8080", `loop via ${eight}`],
  ]);
});

test("without ::6 on lo the pass-through cannot be dialled", () => {
  check(rulesOf(SEED), [
    [
      "forward client6 -> pod6:8080",
      "could-not-look: no socket can be bound to ::6: the host that dials does not have that address",
    ],
  ]);
});

test("from the outbound port the pod's own address is dialled as 127.0.0.1", () => {
  check(rulesOf(["nat", "-A PREROUTING -p tcp -j REDIRECT --to-ports 15001"]), [
    ["forward client -> pod:8080", "app:8080 from 127.0.0.1:0 via envoy-outbound:15001"],
  ]);
});

describe("chains", () => {
  test("RETURN goes on at the caller, and in a built-in chain the policy holds", () => {
    const rules = [
      "filter",
      ":INPUT DROP [0:0]",
      ":A - [0:0]",
      "-A INPUT -j A",
      "-A INPUT -p tcp -m tcp --dport 81 -j ACCEPT",
    ];
    check(rulesOf([...rules, "-A A -j RETURN", "-A A -j ACCEPT"]), [
      ["client -> pod:81", "app:81 from 10.244.0.3:0"],
      ["client -> pod:22", "timed-out"],
    ]);
    check(rulesOf(["filter", ":INPUT DROP [0:0]", "-A INPUT -j RETURN", "-A INPUT -j ACCEPT"]), [
      ["client -> pod:22", "timed-out"],
    ]);
  });

  test("a packet undecided after goto goes on at the caller's caller", () => {
    const rules = ["filter", ":A - [0:0]", ":B - [0:0]", "-A INPUT -j A", "-A INPUT -p tcp -m tcp --dport 22 -j DROP"];
    check(rulesOf([...rules, "-A A -g B", "-A A -j DROP", "-A B -p tcp -m tcp --dport 81 -j RETURN"]), [
      ["client -> pod:81", "app:81 from 10.244.0.3:0"],
      ["client -> pod:8080", "app:8080 from 10.244.0.3:0"],
      ["client -> pod:22", "timed-out"],
    ]);
  });

  test("the first NAT verdict of a chain stands", () => {
    const rules = [
      "nat",
      "-A OUTPUT -p tcp -j REDIRECT --to-ports 15001",
      "-A OUTPUT -p tcp -j REDIRECT --to-ports 15006",
    ];
    check(rulesOf(rules), [["app -> upstream:80", "envoy-outbound:15001 of 10.244.0.4:80 from 10.244.0.2:0"]]);
  });

  test("a jump to a missing chain throws", () => {
    const jump = { matches: [], target: { kind: "jump", chain: "A" } } as const;
    const tables = [makeIptablesTable("filter", 4, [makeChain("filter", "INPUT", [jump])])];
    const rules: PodRules = { ...rulesOf([]), ip: { family: 4, tables } };
    expect(() => compilePod(rules, SPEC, DEFAULT_ADDRESSES)).toThrow("a rule of table filter jumps to A");
  });
});
