import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-translate-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Translates lines of one table, or whole texts of iptables-save. */
async function translate(lines: readonly string[], table = "nat", more: readonly string[] = []) {
  const path = join(folder, `${Math.random()}.txt`);
  const text = lines[0]?.startsWith("*") ? lines.join("\n") : [`*${table}`, ...lines, "COMMIT"].join("\n");
  writeFileSync(path, `${text}\n`);
  return runCommand("translate", path, ...more);
}

/** Rules of every kind that is translated, in the tables in which they stand. */
const ALL = [
  "*raw",
  "-A PREROUTING -i eth0 -p udp -m udp --sport 53 -j CT --zone 1",
  "-A OUTPUT -p udp -m udp --dport 53 -j CT --notrack",
  "COMMIT",
  "*mangle",
  ":DIVERT - [0:0]",
  "-A PREROUTING -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j DIVERT",
  "-A PREROUTING -p tcp -m socket --transparent -j DIVERT",
  "-A PREROUTING -p tcp -m tcp --dport 8080 -j TPROXY --on-port 15006 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff",
  "-A OUTPUT -p tcp -m mark --mark 0x1/0xff -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
  "-A OUTPUT -m connmark --mark 0x1 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff",
  "-A DIVERT -j MARK --set-xmark 0x539/0xfff",
  "-A DIVERT -j ACCEPT",
  "COMMIT",
  "*nat",
  ":OUT - [0:0]",
  "-A PREROUTING -i eth0 -p tcp -m multiport --dports 80,8000:8100 -j REDIRECT --to-ports 15006",
  "-A OUTPUT ! -o lo -p tcp -m comment --comment out -g OUT",
  "-A OUT -d 10.96.0.0/12 -p tcp -m tcp --dport 53 -j DNAT --to-destination 10.244.0.4:80",
  "-A OUT -m owner --uid-owner 1337 -j RETURN",
  "-A OUT -m iprange --dst-range 10.244.0.5-10.244.0.9 -j RETURN",
  "-A OUT -m addrtype --dst-type LOCAL -j RETURN",
  "-A OUT -p tcp -j REDIRECT --to-ports 15001",
  "-A POSTROUTING -s 10.1.0.0/16 -j MASQUERADE",
  "COMMIT",
  "*filter",
  ":INPUT DROP [0:0]",
  "-A INPUT -m conntrack ! --ctstate NEW,INVALID -j ACCEPT",
  "-A INPUT -p tcp -m tcp ! --tcp-flags SYN,RST SYN -j ACCEPT",
  "-A INPUT -i lo -j ACCEPT",
  "-A INPUT -p tcp -m tcp --dport 15006 -j ACCEPT",
  "-A INPUT -p tcp -j REJECT --reject-with tcp-reset",
  '-A INPUT -j LOG --log-prefix "in "',
  "-A INPUT -j REJECT --reject-with icmp-proto-unreachable",
  "COMMIT",
];

describe("translate", () => {
  test("says of a restricted question which flows are proven equal, in text and in JSON", async () => {
    const asked = ["--within", "app -> elsewhere:80"];
    const rule = "-A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001";
    const { code, out } = await translate([rule], "nat", asked);
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toBe(
      "# Translated by landfall, compared only for the flows app -> elsewhere:80: no TCP flow lands elsewhere",
    );
    const data = JSON.parse((await translate([rule], "nat", [...asked, "--json"])).out);
    expect(complainBySchema("translate", data)).toEqual([]);
    expect(data.within).toBe("app -> elsewhere:80");
  });

  test("prints rules that the kernel loads and that diff finds equal", async () => {
    const { out: stdout, err: stderr, code } = await translate(ALL);
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toContain("table ip iptables-mangle {");
    expect(stdout).toContain("tcp dport { 80, 8000-8100 } counter redirect to :15006");
    const [before, after] = [join(folder, "all.txt"), join(folder, "all.nft")];
    writeFileSync(before, `${ALL.join("\n")}\n`);
    writeFileSync(after, stdout);
    expect((await runCommand("diff", before, after)).code).toBe(0);
    execFileSync("unshare", ["-n", "nft", "-c", "-f", after]);
  });

  test("refuses a rule that nftables has no words for, with the flow that shows it", async () => {
    const {
      out: stdout,
      err: stderr,
      code,
    } = await translate(["-A OUTPUT -p tcp -m multiport --ports 80,443 -j REDIRECT --to-ports 15001"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/not translated: -A OUTPUT .* --ports/);
    expect(stdout).toMatch(/flow {5}\S.* -> \S+/);
    expect(stdout).not.toContain("table ip");
  });

  test("refuses a rule that is not translated even if no flow reveals it", async () => {
    const {
      out: stdout,
      err: stderr,
      code,
    } = await translate(["-A OUTPUT -p sctp -j TEE --gateway 10.0.0.9"], "mangle");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^No TCP, UDP or ICMP flow lands differently\.\nSockets .* are not compared\.\n$/);
    expect(stderr).toContain("no flow shows that these rules do anything");
  });

  test("proves nothing where nft's statement takes untracked packets that the target leaves alone", async () => {
    const untracked = ["*raw", "-A PREROUTING -j CT --zone 1", "-A OUTPUT -j CT --notrack", "COMMIT"];
    const redirected = ["*nat", "-A PREROUTING -p tcp -j REDIRECT --to-ports 15006", "COMMIT"];
    const { code, out } = await translate([...untracked, ...redirected]);
    expect({ code, out }).toEqual({
      code: 3,
      out: expect.stringMatching(/a\s+new\s+destination\s+of\s+what\s+the\s+pod\s+sends\s+itself/),
    });
  });

  test("names rules that differ for packets without a socket", async () => {
    const {
      out: stdout,
      err: stderr,
      code,
    } = await translate(["-A OUTPUT -o lo -m owner ! --uid-owner 1337 -j RETURN"]);
    expect(code).toBe(0);
    expect(stderr).toContain(
      "note: packets without a socket match this rule, and not its translation: -A OUTPUT -o lo",
    );
    expect(stdout).toContain("meta oifname lo meta skuid != 1337 counter return");
  });

  test("refuses rules of nftables, and more than one file", async () => {
    const path = join(folder, "own.nft");
    writeFileSync(path, "table ip t { chain c { type filter hook input priority 0; drop; }; }");
    expect((await runCommand("translate", path)).code).toBe(2);
    expect((await runCommand("translate", path, path)).code).toBe(2);
    expect((await runCommand("translate")).code).toBe(2);
  });

  test("prints its rules as JSON, or the difference if there are none", async () => {
    const { code, out } = await translate(["-A OUTPUT -m owner ! --uid-owner 1337 -j ACCEPT"], "filter", ["--json"]);
    const data = JSON.parse(out);
    expect({ code, data }).toMatchObject({ code: 0, data: { rules: expect.stringContaining("skuid != 1337") } });
    expect(data.socketless).toEqual(["-A OUTPUT -m owner ! --uid-owner 1337 -j ACCEPT"]);
    expect(complainBySchema("translate", data)).toEqual([]);
    const none = await translate(["-A OUTPUT -p tcp -j UNHEARD --of x"], "nat", ["--json"]);
    expect(none.code).not.toBe(0);
    expect(complainBySchema("diff", JSON.parse(none.out))).toEqual([]);
  });
});
