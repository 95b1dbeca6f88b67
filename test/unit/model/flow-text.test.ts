import { describe, expect, test } from "vitest";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { SHAPE } from "../../istio-pod.ts";

/** Gives a flow resolved in the default sandbox as `ADDRESS uid/gid -> ADDRESS port`, or the messages of its findings. */
function resolve(text: string): string | readonly string[] {
  const parsed = parseFlowText(text, SHAPE);
  if (!parsed.ok) return parsed.findings.map((found) => found.message);
  const { spec, from, to, family, protocol, exchange } = resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE);
  expect(renderFlowText(spec)).toBe(text);
  const socket = `${from.port === undefined ? "" : ` from port ${from.port}`}${from.mark === undefined ? "" : ` marked ${from.mark}`}`;
  return `IPv${family} ${from.actor} ${from.address} ${from.uid}/${from.gid}${socket} -> ${to.target} ${to.address} ${to.port}${protocol === "tcp" ? "" : ` by ${protocol}`}${exchange === undefined ? "" : " again"}`;
}

describe("a flow", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["client -> pod:8080", "IPv4 client 10.244.0.3 0/0 -> pod 10.244.0.2 8080"],
    ["client6 -> pod6:15020", "IPv6 client fd00:244::3 0/0 -> pod fd00:244::2 15020"],
    ["client -> pod6:8080", "IPv6 client fd00:244::3 0/0 -> pod fd00:244::2 8080"],
    ["vm -> pod:80", "IPv4 vm 10.245.0.2 0/0 -> pod 10.244.0.2 80"],
    ["upstream -> pod:1", "IPv4 upstream 10.244.0.4 0/0 -> pod 10.244.0.2 1"],
    ["app -> upstream:65535", "IPv4 app 10.244.0.2 1000/1000 -> upstream 10.244.0.4 65535"],
    ["app6 -> upstream6:80", "IPv6 app fd00:244::2 1000/1000 -> upstream fd00:244::4 80"],
    ["envoy -> pod:8080", "IPv4 envoy 10.244.0.2 1337/1337 -> pod 10.244.0.2 8080"],
    ["status -> client:80", "IPv4 status 10.244.0.2 1337/1337 -> client 10.244.0.3 80"],
    ["root -> localhost:8080", "IPv4 root 127.0.0.1 0/0 -> localhost 127.0.0.1 8080"],
    ["root -> localhost6:8080", "IPv6 root ::1 0/0 -> localhost ::1 8080"],
    ["app -> 127.0.0.2:8080", "IPv4 app 127.0.0.1 1000/1000 -> 127.0.0.2 127.0.0.2 8080"],
    ["app -> [::6]:8080", "IPv6 app ::6 1000/1000 -> ::6 ::6 8080"],
    ["envoy@127.0.0.6 -> pod:8080", "IPv4 envoy 127.0.0.6 1337/1337 -> pod 10.244.0.2 8080"],
    ["envoy@[::6] -> pod6:8080", "IPv6 envoy ::6 1337/1337 -> pod fd00:244::2 8080"],
    ["envoy@::6 -> pod6:8080", "IPv6 envoy ::6 1337/1337 -> pod fd00:244::2 8080"],
    ["app -> [2001:DB8::0001]:443", "IPv6 app fd00:244::2 1000/1000 -> 2001:db8::1 2001:db8::1 443"],
    ["client -> 10.96.0.1:443", "IPv4 client 10.244.0.3 0/0 -> 10.96.0.1 10.96.0.1 443"],
    ["upstream -> 10.96.0.1:443", "IPv4 upstream 10.96.0.1 0/0 -> 10.96.0.1 10.96.0.1 443"],
    ["app -> 0.0.0.0:80", "IPv4 app 127.0.0.1 1000/1000 -> 0.0.0.0 127.0.0.1 80"],
    ["app@10.244.0.2 -> 0.0.0.0:80", "IPv4 app 10.244.0.2 1000/1000 -> 0.0.0.0 10.244.0.2 80"],
    ["client -> [::]:80", "IPv6 client ::1 0/0 -> :: ::1 80"],
    ["upstream@10.96.0.9 -> pod:80", "IPv4 upstream 10.96.0.9 0/0 -> pod 10.244.0.2 80"],
    ["client@10.96.0.9 -> pod:80", "IPv4 upstream 10.96.0.9 0/0 -> pod 10.244.0.2 80"],
    ["client@127.0.0.9 -> pod:80", "IPv4 client 127.0.0.9 0/0 -> pod 10.244.0.2 80"],
    ["uid=1337,gid=1000 -> upstream:80", "IPv4 uid=1337,gid=1000 10.244.0.2 1337/1000 -> upstream 10.244.0.4 80"],
    ["uid=0,gid=4294967294 -> pod:80", "IPv4 uid=0,gid=4294967294 10.244.0.2 0/4294967294 -> pod 10.244.0.2 80"],
    ["app6@[::]:5000 -> pod6:80", "IPv6 app fd00:244::2 1000/1000 from port 5000 -> pod fd00:244::2 80"],
    ["app@[::] -> pod6:80", "IPv6 app fd00:244::2 1000/1000 -> pod fd00:244::2 80"],
    ["app@0.0.0.0 -> pod:80", "IPv4 app 10.244.0.2 1000/1000 -> pod 10.244.0.2 80"],
    ["client@:5000 -> pod:80", "IPv4 client 10.244.0.3 0/0 from port 5000 -> pod 10.244.0.2 80"],
    ["app@127.0.0.1:1 -> pod:80", "IPv4 app 127.0.0.1 1000/1000 from port 1 -> pod 10.244.0.2 80"],
    ["envoy@[::6]:700 -> pod6:80", "IPv6 envoy ::6 1337/1337 from port 700 -> pod fd00:244::2 80"],
    ["app,mark=0x1 -> upstream:80", "IPv4 app 10.244.0.2 1000/1000 marked 1 -> upstream 10.244.0.4 80"],
    [
      "uid=5,gid=6,mark=4294967295@:9 -> upstream:80",
      "IPv4 uid=5,gid=6 10.244.0.2 5/6 from port 9 marked 4294967295 -> upstream 10.244.0.4 80",
    ],
    ["app -> upstream:80/tcp", "IPv4 app 10.244.0.2 1000/1000 -> upstream 10.244.0.4 80"],
    ["client -> pod/icmp", "IPv4 client 10.244.0.3 0/0 -> pod 10.244.0.2 0 by icmp"],
    ["app6@[::1] -> [2001:db8::1]/icmp", "IPv6 app ::1 1000/1000 -> 2001:db8::1 2001:db8::1 0 by icmp"],
    ["gid=7,mark=0x1 -> 10.96.0.1/icmp", "IPv4 uid=0,gid=7 10.244.0.2 0/7 marked 1 -> 10.96.0.1 10.96.0.1 0 by icmp"],
    ["app -> upstream:53/udp", "IPv4 app 10.244.0.2 1000/1000 -> upstream 10.244.0.4 53 by udp"],
    ["app6@[::1]:9 -> [2001:db8::1]:53/udp", "IPv6 app ::1 1000/1000 from port 9 -> 2001:db8::1 2001:db8::1 53 by udp"],
    ["again app -> upstream:53/udp", "IPv4 app 10.244.0.2 1000/1000 -> upstream 10.244.0.4 53 by udp again"],
    ["uid=1337 -> pod:80", "IPv4 uid=1337,gid=0 10.244.0.2 1337/0 -> pod 10.244.0.2 80"],
    ["gid=0x539 -> pod:80", "IPv4 uid=0,gid=1337 10.244.0.2 0/1337 -> pod 10.244.0.2 80"],
    ["mark=0x539 -> pod:80", "IPv4 uid=0,gid=0 10.244.0.2 0/0 marked 1337 -> pod 10.244.0.2 80"],
    ["mark=1,gid=7,uid=5@:9 -> pod:80", "IPv4 uid=5,gid=7 10.244.0.2 5/7 from port 9 marked 1 -> pod 10.244.0.2 80"],
    ["app,gid=7 -> pod:80", "IPv4 app 10.244.0.2 1000/7 -> pod 10.244.0.2 80"],
    ["envoy,uid=0,mark=0x539 -> pod:80", "IPv4 envoy 10.244.0.2 0/1337 marked 1337 -> pod 10.244.0.2 80"],
  ];
  test.each(rows)("%s is %s", (text, expected) => {
    expect(resolve(text)).toBe(expected);
  });

  test("may go to the virtual machine, where the pod has an interface for one", () => {
    const shape = { ...SHAPE, links: ["net1"] };
    const found = ["app -> vm:80", "app6 -> vm6:80"].map((text) => {
      const parsed = parseFlowText(text, shape);
      const { from, to } = parsed.ok ? resolveFlow(parsed.value, DEFAULT_ADDRESSES, shape) : { from: null, to: null };
      return [from?.address, to?.address];
    });
    expect(found).toEqual([
      ["10.245.0.3", "10.245.0.2"],
      ["fd00:245::3", "fd00:245::2"],
    ]);
  });
});

describe("a text is not a flow", () => {
  const rows: readonly (readonly [string, readonly RegExp[]])[] = [
    ["client->pod:80", [/is not a valid flow/]],
    ["app@:0 -> pod:80", [/":0" is not an address/]],
    ["app@:65536 -> pod:80", [/":65536" is not an address/]],
    ["app,mark=0x100000000 -> pod:80", [/"0x100000000" is not a mark/]],
    ["app,mark=-1 -> pod:80", [/"-1" is not a mark/]],
    ["client,mark=1 -> pod:80", [/sets a mark on a socket outside the pod/]],
    ["client  ->  pod:80", [/"client " is not an actor/, /" pod" is not a target/]],
    ["client -> pod:80 -> pod:81", [/is not a valid flow/]],
    ["", [/is not a valid flow/]],
    ["client -> pod", [/"pod" is not a target; write TARGET:PORT/]],
    ["client -> pod:", [/"" is not a port/]],
    ["client -> pod:0", [/"0" is not a port/]],
    ["client -> pod:65536", [/"65536" is not a port/]],
    ["client -> pod:0x50", [/"0x50" is not a port/]],
    ["client -> pod:80:90", [/"pod:80" is not a target/]],
    ["client -> vm:80", [/"vm" is not a target: the pod has no interface for a virtual machine/]],
    ["client -> [pod]:80", [/"pod" is not a target/]],
    ["client -> [10.0.0.1]:80", [/"10.0.0.1" is not a target/]],
    ["client -> 2001:db8::1:80", [/"2001:db8::1" is not a target; .* in brackets/]],
    ["nobody -> nowhere:0", [/"nobody" is not an actor/, /"0" is not a port/, /"nowhere" is not a target/]],
    ["uid=x -> pod:80", [/"x" is not a uid; use a number from 0 to 4294967294/]],
    ["uid=1,uid=2 -> pod:80", [/"uid=2" gives a second uid/]],
    ["app,nobody -> pod:80", [/"nobody" cannot follow an actor; write uid=N, gid=N or mark=N/]],
    ["uid=1,app -> pod:80", [/"app" cannot follow an actor/]],
    ["client,uid=1 -> pod:80", [/sets the owner of a socket outside the pod/]],
    ["app -> pod:80/sctp", [/"sctp" is not a protocol; use \/tcp, \/udp or \/icmp/]],
    ["app@:7 -> pod/icmp", [/an ICMP echo has no port/]],
    ["again app -> pod/icmp", [/no second exchange/]],
    ["app -> pod:7/icmp", [/"pod:7" is not a target/]],
    ["again app -> pod:80", [/a TCP connection ends with its answer/]],
    ["again again app -> pod:80/udp", [/"again app" is not an actor/]],
    ["uid=4294967295,gid=0 -> pod:80", [/ids below 4294967295/]],
    ["envoy@ -> pod:80", [/"" is not an address/]],
    ["envoy@pod -> pod:80", [/"pod" is not an address/]],
    ["app6 -> upstream:80", [/has an IPv6 source and an IPv4 target/]],
    ["envoy@127.0.0.6 -> pod6:80", [/has an IPv4 source and an IPv6 target/]],
    ["envoy6@127.0.0.6 -> pod6:80", [/names IPv6 and an IPv4 source/, /has an IPv4 source and an IPv6 target/]],
  ];
  test.each(rows)("%o", (text, patterns) => {
    const messages = resolve(text);
    expect(messages).toEqual(patterns.map((pattern) => expect.stringMatching(pattern)));
  });
});
