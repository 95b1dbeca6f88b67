import { readlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildOnce, parseState, runInNamespace } from "./namespace-setup.ts";

buildOnce();

interface Pod {
  /** Addresses of eth0. */
  readonly podIps: readonly string[];
  /** What the hostname stands for. */
  readonly hosts: readonly string[];
  /** Shell commands before apply. */
  readonly before?: string;
  readonly flags?: string;
}

/** What the original makes of a pod: an IPv6 pod has chains in ip6tables' nat, an IPv4 pod the guard in its filter table. */
type Kind = "IPv4" | "IPv6";

const SECOND = "ip link add net1 type veth peer name peer1; ip addr add";

/** Applies in a pod of these names and addresses; checks the rules' kind against what is expected and against the name, and the warning. */
async function check({ podIps, hosts, before = "", flags = "" }: Pod, kind: Kind, warning: RegExp | null) {
  const script = `${before}\nhostname --ip-address 2>&1 | sed 's/^/name /'; landfall apply -b '*' -i '*' ${flags} >/run/o; echo "code $?"; state`;
  const { stdout, stderr } = await runInNamespace(script, { podIps, hosts });
  const { ip6nat, ip6filter } = parseState(stdout);
  expect(stdout).toMatch(/^code 0$/m);
  expect({ nat: ip6nat.length > 0, guard: ip6filter.length }).toEqual(
    kind === "IPv6" ? { nat: true, guard: 0 } : { nat: false, guard: 3 },
  );
  if (warning === null) expect(stderr).toBe("");
  else expect(stderr).toMatch(warning);
}

const IPV6_ALL_THE_SAME =
  /^landfall: warning: landfall treats this as an IPv6 pod, like the original tool, because its hostname resolves to 2001:db8::5; but its interfaces have .* and /;

describe("the hostname decides the pod's family, as in the original", () => {
  test.concurrent.each<[string, Pod, Kind, RegExp | null]>([
    ["one IPv4 address", { podIps: ["10.0.0.5"], hosts: ["10.0.0.5"] }, "IPv4", null],
    ["one IPv6 address", { podIps: ["2001:db8::5"], hosts: ["2001:db8::5"] }, "IPv6", null],
    ["both", { podIps: ["10.0.0.5", "2001:db8::5"], hosts: ["2001:db8::5", "10.0.0.5"] }, "IPv4", null],
    [
      "one IPv6 address, and a second network has IPv4",
      { podIps: ["2001:db8::5"], hosts: ["2001:db8::5"], before: `${SECOND} 10.9.0.5/24 dev net1` },
      "IPv6",
      IPV6_ALL_THE_SAME,
    ],
    [
      "one IPv6 address, and eth0 has one of another prefix",
      { podIps: ["2001:db8::5", "fd00::5"], hosts: ["2001:db8::5"] },
      "IPv6",
      IPV6_ALL_THE_SAME,
    ],
    [
      "one IPv4 address, although the interfaces have only IPv6",
      { podIps: ["2001:db8::5"], hosts: ["10.0.0.5"] },
      "IPv4",
      /treats this as an IPv4 pod, and inbound IPv6 is rejected, like the original tool, because its hostname resolves to 10\.0\.0\.5; but its interfaces have 2001:db8::5\. Use --pod-ip/,
    ],
    [
      "an address that begins with ::, which the original does not recognise",
      { podIps: ["::5"], hosts: ["::5"] },
      "IPv4",
      /its hostname resolves to ::5; but its interfaces have ::5\./,
    ],
    [
      "no address",
      {
        podIps: ["2001:db8::5"],
        hosts: [],
        before: "echo 'hosts: files' >/run/nss; mount --bind /run/nss /etc/nsswitch.conf",
      },
      "IPv4",
      /its hostname has no address \(hostname: .*\); but its interfaces have 2001:db8::5\./,
    ],
    [
      "an address that --pod-ip outweighs",
      { podIps: ["2001:db8::5", "fd00::5"], hosts: ["2001:db8::5"], flags: "--pod-ip 10.0.0.5" },
      "IPv4",
      null,
    ],
  ])("%s", (_claim, pod, kind, warning) => check(pod, kind, warning));

  test.concurrent("if no hostname is available, the interfaces decide, and an IPv6 pod gets a notice", async () => {
    const only =
      "mkdir /run/bin; for t in ip iptables-save iptables-restore ip6tables-save ip6tables-restore; do ln -s $(readlink -f $(which $t)) /run/bin/$t; done";
    const busybox =
      "printf '#!/bin/sh\\necho \"hostname: unrecognized option: ip-address\" >&2; exit 1\\n' >/run/bin/hostname; chmod +x /run/bin/hostname";
    const apply = "PATH=/run/bin $LANDFALL_MAIN apply --json 2>>/run/e";
    const script = `${only}; ${apply} >/run/a; ${busybox.replaceAll("\n", "\\n")}; ${apply} >/run/b; cat /run/a; echo ===; cat /run/b; cat /run/e >&2`;
    const { stdout, stderr } = await runInNamespace(script, {
      podIps: ["2001:db8::5", "fe80::7", "169.254.1.1"],
      hosts: [],
    });
    expect(stdout.split("===").map((text) => JSON.parse(text).config.podIps)).toEqual([
      ["2001:db8::5"],
      ["2001:db8::5"],
    ]);
    expect(stderr).toMatch(/treats this as an IPv6 pod, .* there is no hostname command in the PATH\./);
    expect(stderr).toMatch(/treats this as an IPv6 pod, .* unrecognized option: ip-address\./);
  });

  const isHost = readlinkSync("/proc/self/ns/uts") === "uts:[4026531838]";
  test.runIf(isHost)(
    "if only the pod's network namespace was entered, its interfaces decide, because the hostname is the host's",
    async () => {
      const script = "nsenter --uts=/proc/$PPID/ns/uts $LANDFALL_MAIN apply --json";
      const { stdout, stderr } = await runInNamespace(script, { podIps: ["2001:db8::5"], hosts: [] });
      expect(JSON.parse(stdout).config.podIps).toEqual(["2001:db8::5"]);
      expect(stderr).toMatch(/treats this as an IPv6 pod, .* the hostname here belongs to the host, not to the pod\./);
    },
  );
});
