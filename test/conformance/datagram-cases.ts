import type { Scenario } from "../../harness/model/scenario.ts";

function renderTables(tables: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(tables)
    .map(([table, rules]) => [`*${table}`, ...rules, "COMMIT", ""].join("\n"))
    .join("");
}

/** What every backend must show of datagrams. Each landing of UDP is among them. */
export const DATAGRAM_CASES: readonly Scenario[] = [
  {
    name: "datagrams-without-rules",
    claim:
      "Without rules a datagram lands where it is sent, beside TCP on the same port, and a port nobody takes any at refuses.",
    capture: [],
    rules: { ip: "", ip6: "" },
    answer: {
      "app -> upstream:53/udp": "upstream:53",
      "app -> upstream:53": "upstream:53",
      "app6 -> [2001:db8::1]:53/udp": "upstream:53",
      "client -> pod:8080/udp": "app:8080",
      "client6 -> pod6:9/udp": "refused",
      "app -> localhost:9/udp": "refused",
      "again root -> localhost6:8080/udp": "app:8080",
      "app@:4053 -> upstream:53/udp": "upstream:53",
    },
  },
  {
    name: "datagrams-redirected",
    claim:
      "A redirected datagram tells what was dialled, by owner and by mark of its socket, and is answered from there.",
    capture: [],
    rules: {
      ip: renderTables({
        nat: [
          "-A OUTPUT -p udp -m udp --dport 53 -m owner --uid-owner 1000 -j REDIRECT --to-ports 8080",
          "-A OUTPUT -p udp -m udp --dport 54 -m owner --gid-owner 7 -j REDIRECT --to-ports 8080",
          "-A OUTPUT -p udp -m udp --dport 55 -m mark --mark 0x539 -j REDIRECT --to-ports 8080",
          "-A OUTPUT -p udp -m udp --dport 56 -j DNAT --to-destination 10.244.0.3:57",
          "-A PREROUTING -p udp -m udp --dport 10000:20000 -j REDIRECT --to-ports 22",
        ],
      }),
    },
    answer: {
      "app -> upstream:53/udp": "app:8080",
      "again app -> upstream:53/udp": "app:8080",
      "app -> upstream:53": "upstream:53",
      "uid=1000,gid=0 -> 10.96.0.1:53/udp": "app:8080",
      "root -> upstream:53/udp": "upstream:53",
      "gid=7 -> upstream:54/udp": "app:8080",
      "uid=7 -> upstream:54/udp": "upstream:54",
      "mark=0x539 -> upstream:55/udp": "app:8080",
      "app,mark=1337 -> upstream:55/udp": "app:8080",
      "app,mark=1 -> upstream:55/udp": "upstream:55",
      "app -> upstream:56/udp": "client:57 at 10.244.0.3",
      "client -> pod:15000/udp": "app:22",
      "client -> pod:9999/udp": "refused",
    },
  },
  {
    name: "echoes-without-rules",
    claim:
      "Without rules the kernel of whoever has an address replies to an echo request, and where nobody has it, it is unreachable.",
    capture: [],
    rules: { ip: "", ip6: "" },
    answer: {
      "app -> upstream/icmp": "replied at 10.244.0.4",
      "gid=7 -> 10.96.0.1/icmp": "replied at 10.96.0.1",
      "client -> pod/icmp": "replied at 10.244.0.2",
      "client6 -> pod6/icmp": "replied at fd00:244::2",
      "app6 -> [2001:db8::1]/icmp": "replied",
      "root -> localhost/icmp": "replied at 127.0.0.1",
      "root -> localhost6/icmp": "replied at ::1",
    },
  },
  {
    name: "echoes-under-rules",
    claim:
      "Echo requests are redirected, rejected, dropped and lost by owner, by mark and by type, and who replies is seen.",
    capture: [],
    rules: {
      ip: renderTables({
        nat: [
          "-A OUTPUT -m owner --gid-owner 7 -j REDIRECT",
          "-A OUTPUT -m owner --gid-owner 8 -j DNAT --to-destination 10.244.0.3",
        ],
        filter: [
          "-A INPUT -s 10.244.0.3/32 -p icmp -m conntrack --ctstate NEW -j DROP",
          "-A OUTPUT -p icmp -m mark --mark 0x539 -j REJECT --reject-with icmp-host-unreachable",
          "-A OUTPUT -p icmp -m owner --uid-owner 1000 -j REJECT",
          "-A OUTPUT -d 10.244.0.4/32 -p icmp -m conntrack --ctstate ESTABLISHED -j DROP",
          "-A OUTPUT -p icmp -m owner --uid-owner 1337 -j DROP",
        ],
      }),
      ip6: renderTables({ filter: ["-A OUTPUT -p ipv6-icmp -m owner --uid-owner 1000 -j DROP"] }),
    },
    answer: {
      "gid=7 -> upstream/icmp": "replied at 127.0.0.1",
      "gid=8 -> upstream/icmp": "replied at 10.244.0.3",
      "client -> pod/icmp": "timed-out",
      "upstream -> pod/icmp": "unanswered",
      "mark=0x539 -> upstream/icmp": "unreachable",
      "app -> upstream/icmp": "refused",
      "envoy -> upstream/icmp": "timed-out",
      "root -> upstream/icmp": "replied at 10.244.0.4",
      "app6 -> upstream6/icmp": "timed-out",
      "root6 -> upstream6/icmp": "replied at fd00:244::4",
    },
  },
  {
    name: "datagrams-lost",
    claim:
      "A datagram that rules drop or send where its source has no route times out, one whose answer they drop is unanswered, and a reject says what it says.",
    capture: [],
    rules: {
      ip: renderTables({
        filter: [
          "-A INPUT -p udp -m udp --sport 54 -j DROP",
          "-A INPUT -p udp -m udp --dport 8080 -m conntrack --ctstate NEW -j REJECT",
          "-A OUTPUT -p udp -m udp --dport 53 -j DROP",
          "-A OUTPUT -p udp -m udp --dport 55 -j REJECT",
          "-A OUTPUT -p udp -m udp --dport 56 -j REJECT --reject-with icmp-host-unreachable",
        ],
        nat: ["-A OUTPUT -p udp -m udp --dport 58 -j DNAT --to-destination 10.244.0.4:57"],
      }),
    },
    answer: {
      "app -> upstream:53/udp": "timed-out",
      "app -> upstream:54/udp": "unanswered",
      "again app -> upstream:54/udp": "unanswered",
      "app -> upstream:55/udp": "refused",
      "app -> upstream:56/udp": "unreachable",
      "app -> upstream:57/udp": "upstream:57",
      "app -> localhost:58/udp": "timed-out",
      "app -> upstream:58/udp": "upstream:57",
      "client -> pod:8080/udp": "refused",
      "client -> pod:22/udp": "app:22",
    },
  },
  {
    name: "datagrams-in-zones",
    claim:
      "An answer in another zone of connection tracking than its datagram comes from where it was redirected to, and is lost if it begins an exchange with the ends that the datagram's has in one of its zones.",
    capture: [],
    rules: {
      ip: renderTables({
        raw: [
          "-A OUTPUT -p udp -m udp --dport 53:54 -j CT --zone 1",
          "-A OUTPUT -p udp -m udp --sport 22 -j CT --zone 1",
          "-A OUTPUT -p udp -m udp --dport 55 -j CT --zone-reply 1",
          "-A OUTPUT -p udp -m udp --dport 56 -j CT --zone 1",
          "-A PREROUTING -p udp -m udp --sport 56 -j CT --zone-orig 1",
        ],
        nat: [
          "-A OUTPUT -p udp -m udp --dport 53 -j REDIRECT --to-ports 8080",
          "-A OUTPUT -p udp -m udp --dport 54 -j REDIRECT --to-ports 22",
        ],
      }),
    },
    answer: {
      "app -> upstream:53/udp": "unanswered",
      "app -> upstream:54/udp": "app:22",
      "app -> upstream:55/udp": "unanswered",
      "app -> upstream:56/udp": "upstream:56",
    },
  },
];
