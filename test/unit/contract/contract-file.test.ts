import { describe, expect, test } from "vitest";
import { parseContractText, readContractData } from "../../../harness/contract/contract-file.ts";
import { firstConnection } from "../../../harness/contract/first-connection.ts";
import { makeWrittenContract } from "../../../harness/contract/written-contract.ts";
import { shapeOf } from "../../../harness/contract/written-shape.ts";
import type { Connection, Demand } from "../../../harness/model/contract.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { SHAPE } from "../../istio-pod.ts";

const GATE = `
version: 1
proxies:
  - { name: gate, owner: [{ mark: 0x1 }] }
listeners:
  - { name: gate-out, role: outbound, proxy: gate, protocols: [tcp], port: 1080, mode: transparent }
resolvers: [10.96.0.10]
clauses:
  - { name: own-traffic, says: The gate's own traffic is left alone., flows: "mark=0x1 -> elsewhere:*/tcp+udp", must: as-dialled }
  - name: captured
    says: Everything else goes through the gate.
    flows: ["uid=* -> elsewhere:*"]
    except: "uid=* -> 10.96.0.10:53"
    must: land-on gate-out
  - { name: no-udp-out, says: No datagram leaves., flows: "uid=* -> elsewhere:*/udp", must: not-leave }
`;

/** An application identified by uid 1000 may reach one proxy on another host and one resolver; everything else of its is dropped. */
const CAGE = `
version: 1
listeners:
  - { name: cage-proxy, role: outbound, port: 3128, host: filter, mode: plain }
hosts: { filter: { ip4: 10.244.0.9, ip6: "fd00:244::9" } }
resolvers: [10.96.0.10]
clauses:
  - name: proxy-reached
    says: The proxy and the resolver are reached.
    flows: ["uid=1000 -> 10.244.0.9:3128", "uid=1000 -> [fd00:244::9]:3128", "uid=1000 -> 10.96.0.10:53/tcp+udp"]
    must: as-dialled
  - name: nothing-else
    says: Nothing else leaves.
    flows: ["uid=1000 -> elsewhere:*/tcp+udp", "uid=1000 -> elsewhere6:*/tcp+udp", "uid=1000 -> elsewhere/icmp"]
    must: dropped
otherwise: unspecified
`;

function contractOf(text: string) {
  const parsed = parseContractText(text, "c.yaml");
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return makeWrittenContract(parsed.value, DEFAULT_ADDRESSES);
}

function connectionOf(text: string, changes: Partial<Connection> = {}): Connection {
  const parsed = parseFlowText(text, SHAPE);
  if (!parsed.ok) throw new TypeError(text);
  const connection = firstConnection(resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE), SHAPE);
  return { ...connection, protocol: "tcp", owner: { ...connection.owner, mark: 0 }, ...changes };
}

function summarize(demand: Demand): string {
  if (demand.must === "unspecified") return "unspecified";
  return `${demand.clause}: ${demand.must}${demand.must === "land-on" ? ` ${demand.listener}` : ""}`;
}

describe("a contract file demands", () => {
  const MARKED = { owner: { uid: 0, gid: 0, mark: 1 } };
  test.each<readonly [string, string, Partial<Connection>, string]>([
    ["what the first clause that holds the flow says", GATE, MARKED, "own-traffic: as-dialled"],
    ["what a later clause says of other marks", GATE, {}, "captured: land-on gate-out"],
    ["nothing of a flow that is excepted", GATE, { destination: "10.96.0.10", port: 53 }, "unspecified"],
    ["the mark's whole value", GATE, { owner: { uid: 0, gid: 0, mark: 3 } }, "captured: land-on gate-out"],
    ["another thing of another protocol", GATE, { protocol: "udp" }, "no-udp-out: not-leave"],
    ["nothing of what no clause names", GATE, { protocol: "icmp", port: 0 }, "unspecified"],
    ["nothing of what comes from outside", GATE, { startedOn: "client", source: "10.244.0.3" }, "unspecified"],
    [
      "one end point of one owner",
      CAGE,
      { owner: { uid: 1000, gid: 5, mark: 9 }, destination: "10.244.0.9", port: 3128 },
      "proxy-reached: as-dialled",
    ],
    ["nothing of another owner", CAGE, { destination: "10.244.0.9", port: 3128 }, "unspecified"],
    [
      "what comes after it, for the neighbouring port",
      CAGE,
      { owner: { uid: 1000, gid: 0, mark: 0 }, destination: "10.244.0.9", port: 3129 },
      "nothing-else: dropped",
    ],
    [
      "the same over IPv6",
      CAGE,
      { family: 6, source: "fd00:244::2", owner: { uid: 1000, gid: 0, mark: 0 }, destination: "2001:db8::1" },
      "nothing-else: dropped",
    ],
    [
      "echo requests without a port",
      CAGE,
      { owner: { uid: 1000, gid: 0, mark: 0 }, protocol: "icmp", port: 0 },
      "nothing-else: dropped",
    ],
  ])("%s", (_, text, changes, expected) => {
    expect(summarize(contractOf(text).demand(connectionOf("root -> 192.0.2.1:80", changes)))).toBe(expected);
  });

  test("what `otherwise` says, of all other flows", () => {
    const contract = contractOf(CAGE.replace("otherwise: unspecified", "otherwise: as-dialled"));
    expect(summarize(contract.demand(connectionOf("root -> 192.0.2.1:80")))).toBe("otherwise: as-dialled");
    expect(contract.clauses.at(-1)).toEqual({
      name: "otherwise",
      says: "Every other connection: as-dialled.",
      origin: "usual",
    });
  });

  test("something else at every value that its clauses name", () => {
    const { ids, ports, addresses } = contractOf(CAGE).splitPoints(4);
    expect(ids).toContainEqual([1000n, 1000n]);
    expect(ports).toContainEqual([3128n, 3128n]);
    expect(addresses).toContainEqual([0x0af40009n, 0x0af40009n]);
    expect(contractOf(CAGE).splitPoints(6).addresses).not.toContainEqual([0x0af40009n, 0x0af40009n]);
  });
});

describe("a contract file describes", () => {
  test("proxies by mark, and who listens", () => {
    const parsed = parseContractText(GATE, "c.yaml");
    expect(parsed.ok && shapeOf(parsed.value)).toEqual({
      proxies: [
        {
          name: "gate",
          owners: [{ uid: null, gid: null, mark: { value: 1, mask: 0xffffffff } }],
          runsAs: { uid: 0, gid: 0, mark: 1 },
          dials: { kind: "original", own: "like-others" },
        },
      ],
      listeners: [
        {
          name: "gate-out",
          role: "outbound",
          proxy: "gate",
          protocols: ["tcp"],
          port: 1080,
          host: "pod",
          address: null,
          owner: { uid: 0, gid: 0, mark: 1 },
          mode: "transparent",
          dials: { kind: "original", own: "like-others" },
        },
      ],
      hosts: {},
      links: [],
      resolvers: ["10.96.0.10"],
      passThrough: { 4: null, 6: null },
    });
  });

  test("hosts of its own, in canonical text, and what a proxy always dials", () => {
    const text = CAGE.replace("fd00:244::9", "FD00:244:0::9").replace(
      "listeners:",
      'proxies: [{ name: fixed, owner: [{ uid: 7 }], dials: "[fd00::1]:80" }]\nlisteners:',
    );
    const parsed = parseContractText(text, "c.yaml");
    const shape = parsed.ok ? shapeOf(parsed.value) : null;
    expect(shape?.hosts).toEqual({ filter: { 4: "10.244.0.9", 6: "fd00:244::9" } });
    expect(shape?.proxies[0]?.dials).toEqual({ kind: "fixed", address: "fd00::1", port: 80 });
    expect(shape?.listeners[0]).toMatchObject({
      host: "filter",
      dials: { kind: "nothing" },
      owner: { uid: 0, gid: 0, mark: 0 },
    });
  });
});

/** A contract with one thing wrong a line, so that each finding's line says which it is about. */
const FAULTY = `version: 1
proxies:
  - { name: app, owner: [{ uid: 1 }] }
  - { name: two, owner: [{ uid: 2 }], dials: everywhere }
  - { name: two, owner: [{ uid: 3 }] }
listeners:
  - { name: l1, role: outbound, port: 80, proxy: three }
  - { name: l2, role: outbound, port: 81, host: nowhere }
  - { name: l3, role: outbound, port: 82, address: 10.0.0 }
hosts:
  client: { ip4: 10.0.0.1, ip6: "fd00::1" }
  other: { ip4: "fd00::2", ip6: "fd00::2" }
resolvers:
  - example.org
clauses:
  - name: c1
    says: One.
    flows: "nobody -> elsewhere:*"
    must: land-on l9
  - name: c1
    says: Two.
    flows:
      - "app -> elsewhere:*/udp"
      - "app -> elsewhere:70000"
    must: vanish
otherwise: perhaps
`;

describe("a contract file that is wrong", () => {
  test("gives every finding with its line", () => {
    const parsed = parseContractText(FAULTY, "c.yaml");
    const lines = parsed.ok ? [] : parsed.findings.map(({ line, message }) => `${line} ${message.split(/[;.]/)[0]}`);
    expect(lines.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))).toEqual([
      "3 proxies[0]",
      "4 proxies[1]",
      "5 proxies[2]",
      "7 listeners[0]",
      "8 listeners[1]",
      "9 listeners[2]",
      "11 hosts",
      "12 hosts",
      '14 resolvers[0]: "example',
      "18 clauses[0]",
      "19 clauses[0]",
      "20 clauses[1]",
      "24 clauses[1]",
      "25 clauses[1]",
      '26 otherwise: "perhaps" is not a demand',
    ]);
  });

  test.each([
    [
      "fields that are unknown",
      "version: 1\nclauses: []\nlisteners: [{ name: a, role: none, port: 0, prot: 1 }]",
      [2, 3, 3, 3],
    ],
    ["another version", "version: 2\nclauses: [{ name: a, says: b, flows: 'app -> pod:1', must: dropped }]", [1]],
    ["a virtual machine", "version: 1\nclauses: [{ name: a, says: b, flows: 'vm -> pod:1', must: dropped }]", [2]],
    ["a field that is missing", "version: 1", [1]],
    ["what is not YAML", "version: 1\nclauses: [\n", [3]],
    ["keys that come twice", "version: 1\nversion: 1\n", [2]],
    ["a text", "hello", [1]],
    ["nothing", "", [null]],
    [
      "an alias that grows without end",
      `a: &a [x, x]\n${"bcdefghijk"
        .split("")
        .map((k, i) => `${k}: &${k} [*${"abcdefghij"[i]}, *${"abcdefghij"[i]}]`)
        .join("\n")}`,
      [null],
    ],
  ])("is refused with a place: %s", (_, text, lines) => {
    const parsed = parseContractText(text, "c.yaml");
    expect(parsed.ok ? "accepted" : parsed.findings.map(({ line }) => line).toSorted()).toEqual(lines);
  });

  test("gives findings that name the field if a module exports it", () => {
    const parsed = readContractData(
      { version: 1, clauses: [{ name: "A b", says: "x", flows: [], must: "dropped" }] },
      "c.mjs",
    );
    expect(parsed.ok ? [] : parsed.findings.map(({ line, message }) => [line, message])).toEqual([
      [null, 'clauses[0].name: "A b" is not a name; use lower-case words with dashes between them.'],
      [null, "clauses[0].flows: [] is not allowed here; it must be string."],
      [null, "clauses[0].flows: The list is empty; it needs at least one entry."],
    ]);
  });
});
