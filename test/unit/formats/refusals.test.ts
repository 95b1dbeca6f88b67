import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { readNames } from "../../../harness/cli/input/names.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { LINE_GROUPS, type LineGroup } from "./rule-lines.ts";

/** What iptables takes and then loads as something else, or as a rule that matches nothing: `--dport 65536` of UDP becomes port 0. */
const STRICTER: readonly string[] = [
  "-p udp --dport 65536",
  "-p udp --dport 80:70",
  "-m owner --uid-owner 5-1",
  "-m conntrack --ctorigdstport 99999",
  "-m conntrack --ctorigdst 10.0.0.0/40",
  "-p tcp -j TPROXY --on-port 65536",
  "-j NETMAP --to 10.0.0.0/99",
];
/** The kernel refuses these where they stand, which `--test` does not ask; `edges.test.ts` does. */
const REFUSED_BY_KERNEL: readonly string[] = [
  "-m mac --mac-source 02:00:00:00:00:01",
  "-m string --string x --algo slow",
  "-m policy --dir in --pol ipsec",
  "-m policy --dir in --pol ipsec --strict --proto esp --mode tunnel --tunnel-src 1.1.1.1 --tunnel-dst 2.2.2.2",
  "-m rpfilter --loose",
  "-m esp --espspi 5",
  "-m devgroup --src-group 1",
  "-m mh --mh-type 1",
  "-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
  "-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu --set-mss 5",
];
/** `iptables-nft-restore --test` leaves to the kernel, which it does not ask, whether there is such a chain. */
const LEFT_TO_THE_KERNEL: readonly string[] = ["-j ACCPT"];

function textOf({ table, chain }: LineGroup, body: string): string {
  return `*${table}\n:${chain} ACCEPT [0:0]\n-A ${chain} ${body}\nCOMMIT\n`;
}

/** Gives the bodies that `iptables-restore --test` refuses, in a network namespace of its own. */
function refusedByKernelTool(group: LineGroup, variant: "nft" | "legacy"): readonly string[] {
  const tool = `${group.family === 4 ? "iptables" : "ip6tables"}-${variant}-restore`;
  const texts = group.bodies.map((body) => Buffer.from(textOf(group, body)).toString("base64"));
  const script = `while read -r text; do echo "$text" | base64 -d | ${tool} --test >/dev/null 2>&1; echo $?; done`;
  const codes = execFileSync("unshare", ["-n", "sh", "-c", script], {
    input: `${texts.join("\n")}\n`,
    encoding: "utf8",
  });
  return group.bodies.filter((_, i) => codes.split("\n")[i] !== "0");
}

function refusedHere(group: LineGroup): readonly string[] {
  const { family } = group;
  return group.bodies.filter(
    (body) => !parseIptablesSave(textOf(group, body), { where: "x", family, names: readNames() }).ok,
  );
}

describe.each(["nft", "legacy"] as const)(
  "what iptables-%s-restore refuses is refused here, and nothing else",
  (variant) => {
    test.each(LINE_GROUPS.map((group) => [`IPv${group.family} ${group.table} ${group.chain}`, group] as const))(
      "in %s",
      (_, group) => {
        const refused = new Set([
          ...refusedByKernelTool(group, variant),
          ...STRICTER,
          ...REFUSED_BY_KERNEL,
          ...(variant === "nft" ? LEFT_TO_THE_KERNEL : []),
        ]);
        expect(refusedHere(group)).toEqual(group.bodies.filter((body) => refused.has(body)));
      },
    );
  },
);
