import { describe, expect, test } from "vitest";
import { consul } from "../../../harness/meshes/consul/mesh.ts";
import { checkRoundTrip, generatedTables, readVectors, recordedTables, type Vector } from "./vectors.ts";

/** Consul's recording has no command line of its own: the option stands for the SDK's other generator. */
const VECTORS = readVectors("consul-nftables.json").map(
  (vector): Vector => ({ ...vector, inputs: { ...vector.inputs, flags: ["--native-nftables"] } }),
);
/** What was there before stays, which is for apply to see to. */
const good = VECTORS.filter(({ name, rc, bad }) => rc === 0 && !bad && name !== "foreign-nat-rule-first");
const bad = VECTORS.filter(({ rc, bad: isBad }) => rc !== 0 || isBad);

describe("Consul's native rules are those that its SDK leaves in the kernel:", () => {
  test.each(good)("$name", (vector) => {
    expect(generatedTables(consul, vector)).toEqual(recordedTables(vector));
  });
});

describe("what Consul's SDK refuses with native rules is refused:", () => {
  test.each(bad)("$name", (vector) => {
    expect(generatedTables(consul, vector)).toHaveProperty("refused");
  });
});

describe("settings of native rules written down lead to the same settings again:", () => {
  test.each(good)("$name", (vector) => checkRoundTrip(consul, vector));
});

test("with a port alone and DualStack, DNS to the loopback address of either family is captured", () => {
  const config = { ProxyUserID: "5995", ProxyInboundPort: 20000, ConsulDNSPort: 8600, DualStack: true };
  const [first] = VECTORS;
  if (first === undefined) throw new Error("There is no vector.");
  const tables = generatedTables(consul, { ...first, inputs: { config, flags: ["--native-nftables"] } });
  const text = "refused" in tables ? "" : (tables[0] ?? "");
  expect(text.match(/^ *ip6? daddr .*$/gm)?.map((line) => line.trim())).toEqual([
    "ip daddr 127.0.0.1 return",
    "ip6 daddr ::1 return",
    "ip daddr 127.0.0.1 udp dport 53 dnat ip to 127.0.0.1:8600",
    "ip daddr 127.0.0.1 tcp dport 53 dnat ip to 127.0.0.1:8600",
    "ip6 daddr ::1 udp dport 53 dnat ip6 to [::1]:8600",
    "ip6 daddr ::1 tcp dport 53 dnat ip6 to [::1]:8600",
    "ip daddr 127.0.0.1 udp dport 53 jump CONSUL_DNS_REDIRECT",
    "ip daddr 127.0.0.1 tcp dport 53 jump CONSUL_DNS_REDIRECT",
    "ip6 daddr ::1 udp dport 53 jump CONSUL_DNS_REDIRECT",
    "ip6 daddr ::1 tcp dport 53 jump CONSUL_DNS_REDIRECT",
  ]);
});
