import { SEED_WORDS } from "../../harness/meshes/istio-1.4/seed.ts";
import { FAMILIES } from "../../harness/model/address.ts";
import { BUILT_IN_CHAINS } from "../../harness/model/iptables-tables.ts";
import { DEFAULT_ADDRESSES, type SandboxAddresses } from "../../harness/model/pod.ts";
import type { Scenario } from "../../harness/model/scenario.ts";
import { type BoundScenario, bindScenario } from "../../harness/run/scenario/bound-scenario.ts";
import { parseScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { DATAGRAM_CASES } from "./datagram-cases.ts";

/** Gives a table as `iptables-save` prints it. */
export function renderTable(name: "filter" | "nat", ...rules: readonly string[]): string {
  const chains = BUILT_IN_CHAINS[name].map((chain) => `:${chain} ACCEPT [0:0]`);
  return [`*${name}`, ...chains, ...rules, "COMMIT", ""].join("\n");
}

/** What every backend must show. A case's flows are driven together; the cases follow each other in one sandbox. */
export const CASES: readonly Scenario[] = [
  {
    name: "no-rules",
    claim:
      "Without rules every flow lands where it is dialled, in both families, and a port nobody listens on refuses.",
    capture: [],
    rules: { ip: "", ip6: "" },
    answer: {
      "client -> pod:8080": "app:8080",
      "client6 -> pod6:22": "app:22",
      "client -> pod:81": "refused",
      "client6 -> pod6:81": "refused",
      "app -> upstream:80": "upstream:80",
      "app6 -> upstream6:80": "upstream:80",
      "app -> 10.96.0.1:443": "upstream:443",
      "app -> [2001:db8::1]:443": "upstream:443",
      "upstream -> client:90": "client:90",
      "envoy -> localhost:15020": "status:15020",
      "app6 -> localhost6:15001": "envoy-outbound:15001",
    },
    forward: { "client -> pod:15006": "envoy-inbound:15006" },
  },
  {
    name: "redirect",
    claim:
      "The seed's rules bring flows to the stub by owner, source and port, and the stub takes them on as Envoy does.",
    capture: SEED_WORDS,
    answer: {
      "client -> pod:8080": "envoy-inbound:15006",
      "client -> pod:15020": "status:15020",
      "app -> upstream:80": "envoy-outbound:15001",
      "root -> upstream:80": "envoy-outbound:15001",
      "uid=1337,gid=5 -> upstream:80": "upstream:80",
      "uid=5,gid=1337 -> upstream:80": "upstream:80",
      "envoy@127.0.0.6 -> pod:8080": "app:8080",
      "envoy -> pod:8080": "envoy-inbound:15006",
      "app6 -> upstream6:80": "upstream:80",
    },
    forward: {
      "client -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
      "client -> pod:9090": "refused via envoy-inbound",
      "client -> pod:15001": "envoy-inbound:15006",
      "app -> upstream:80": "upstream:80 via envoy-outbound",
    },
  },
  {
    name: "redirect-ipv6",
    claim: "In an IPv6 pod the same holds for IPv6, with ::6 as the pass-through's address.",
    capture: SEED_WORDS,
    pod: "ipv6",
    answer: {
      "client6 -> pod6:8080": "envoy-inbound:15006",
      "app6 -> upstream6:80": "envoy-outbound:15001",
      "envoy@::6 -> pod6:8080": "app:8080",
    },
    forward: {
      "client6 -> pod6:8080": "app:8080 via envoy-inbound from ::6",
      "app6 -> upstream6:80": "upstream:80 via envoy-outbound",
    },
  },
  {
    name: "reset-to-loopback",
    claim:
      "A reset from the pod's own IPv6 address to ::1 is lost, unless a rule gives it a mark and it is routed again.",
    capture: [],
    rules: { ip: "", ip6: "*mangle\n-A OUTPUT -p tcp -m tcp --sport 82 -j MARK --set-xmark 0x7/0xffffffff\nCOMMIT\n" },
    answer: {
      "app@::1 -> pod6:82": "refused",
      "app@::1 -> pod6:83": "timed-out",
      "app@::1 -> localhost6:83": "refused",
    },
  },
  {
    name: "tproxy",
    claim: "With TPROXY the stub takes inbound flows transparently and still knows what was dialled.",
    capture: [...SEED_WORDS.slice(0, 6), "-m", "TPROXY", ...SEED_WORDS.slice(8)],
    answer: { "client -> pod:8080": "envoy-outbound:15001", "app -> upstream:80": "envoy-outbound:15001" },
    forward: { "client -> pod:8080": "app:8080 via envoy-outbound from 127.0.0.1" },
  },
  {
    name: "transparent-socket",
    claim: "A socket with a mark is transparent where it has another host's address, and only there: rules can tell.",
    capture: [],
    rules: {
      ip: "*mangle\n-A INPUT -p tcp -m socket --transparent -j DROP\nCOMMIT\n",
      ip6: "*mangle\n-A INPUT -p tcp -m socket --transparent -j DROP\nCOMMIT\n",
    },
    answer: {
      "app,mark=1 -> localhost:8080": "app:8080",
      "app,mark=1@127.0.0.1 -> pod:8080": "app:8080",
      "app,mark=1@10.244.0.77 -> pod:8080": "timed-out",
      "app6,mark=1 -> localhost6:8080": "app:8080",
      "app6,mark=1@[2001:db8::77] -> pod6:8080": "timed-out",
    },
  },
  {
    name: "loop",
    claim:
      "Without the rule for the pass-through's address the stub's own dial comes back to it, and that is told as a loop.",
    capture: SEED_WORDS,
    without: [{ family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN" }],
    forward: { "client -> pod:8080": "loop", "client -> pod:15020": "status:15020" },
  },
  {
    name: "rejected",
    claim: "Each way in which rules can end a flow is told apart.",
    capture: [],
    listen: [8081, 8082, 8083],
    rules: {
      ip: renderTable(
        "filter",
        "-A INPUT -p tcp -m tcp --dport 8080 -j DROP",
        "-A INPUT -p tcp -m tcp --dport 8081 -j REJECT --reject-with tcp-reset",
        "-A INPUT -p tcp -m tcp --dport 8082 -j REJECT --reject-with icmp-port-unreachable",
        "-A INPUT -p tcp -m tcp --dport 8083 -m conntrack --ctstate ESTABLISHED -j REJECT --reject-with tcp-reset",
        "-A INPUT -p tcp -m tcp --dport 22 -j REJECT --reject-with icmp-host-prohibited",
        "-A OUTPUT -p tcp -m tcp --dport 80 -j DROP",
        "-A OUTPUT -p tcp -m tcp --dport 81 -j REJECT --reject-with icmp-net-unreachable",
      ),
      ip6: renderTable("filter", "-A INPUT -p tcp -m tcp --dport 22 -j REJECT --reject-with icmp6-adm-prohibited"),
    },
    answer: {
      "client -> pod:8080": "timed-out",
      "client -> pod:8081": "refused",
      "client -> pod:8082": "refused",
      "client -> pod:8083": "reset",
      "client -> pod:22": "unreachable",
      "app -> upstream:80": "timed-out",
      "app -> upstream:81": "unreachable",
      "client6 -> pod6:22": "unreachable",
      "client6 -> pod6:8080": "app:8080",
    },
  },
  {
    name: "kubevirt",
    claim: "What a virtual machine behind a kubevirt interface dials is treated as outbound.",
    capture: [...SEED_WORDS, "-k", "net1"],
    answer: { "vm -> upstream:80": "envoy-outbound:15001", "client -> pod:8080": "envoy-inbound:15006" },
    forward: { "vm -> upstream:80": "upstream:80 via envoy-outbound" },
  },
  {
    name: "other-ports",
    claim: "The stub, the app and upstream stand where the scenario wants them, and nowhere else.",
    capture: ["-p", "16001", "-z", "16006", "-u", "7", "-m", "REDIRECT", "-i", "*", "-b", "*"],
    listen: [9090],
    answer: {
      "client -> pod:9090": "envoy-inbound:16006",
      "app -> upstream:8443": "envoy-outbound:16001",
      "envoy -> upstream:8443": "upstream:8443",
      "uid=1337,gid=1337 -> upstream:8443": "envoy-outbound:16001",
      "app -> localhost:15001": "refused",
      "app -> localhost:9090": "app:9090",
    },
  },
  {
    name: "no-rules-again",
    claim: "Nothing of the cases before is left: rules, routes, addresses, connections.",
    capture: [],
    rules: { ip: "", ip6: "" },
    answer: {
      "client -> pod:8080": "app:8080",
      "client6 -> pod6:8080": "app:8080",
      "app -> upstream:80": "upstream:80",
    },
  },
  ...DATAGRAM_CASES,
];

/**
 * Binds a case to a sandbox's addresses, which its rules and landings have too; throws with every finding where it cannot be read. Of two
 * docker sandboxes at one time only one has the addresses that cases are written with.
 */
export function bindCase(scenario: Scenario, addresses: SandboxAddresses): BoundScenario {
  const parsed = parseScenario(placeCase(scenario, addresses), scenario.name);
  if (!parsed.ok) throw new RangeError(parsed.findings.map(({ where, message }) => `${where}: ${message}`).join("\n"));
  return bindScenario(parsed.value, addresses);
}

function placeCase(scenario: Scenario, addresses: SandboxAddresses): Scenario {
  const placed = new Map(
    (["pod", "client", "upstream"] as const).flatMap((host) =>
      FAMILIES.map((family) => [DEFAULT_ADDRESSES[host][family], addresses[host][family]] as const),
    ),
  );
  const written = [...placed.keys()].map((address) => address.replaceAll(".", "\\."));
  const whole = new RegExp(`(?<![\\w.:])(?:${written.join("|")})(?![\\w.])`, "g");
  return JSON.parse(JSON.stringify(scenario).replaceAll(whole, (address) => placed.get(address) ?? address));
}
