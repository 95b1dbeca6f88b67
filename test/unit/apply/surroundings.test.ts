import { describe, expect, test } from "vitest";
import { SEED_WORDS } from "../../../harness/meshes/istio-1.4/seed.ts";
import { buildOnce, quoteWords, runInNamespace } from "./namespace-setup.ts";

buildOnce();

const SEED = quoteWords(SEED_WORDS);
const TPROXY = quoteWords(["-u", "1337", "-m", "TPROXY", "-b", "*", "-i", "10.0.0.0/8"]);
const PLAIN_RULE = "from all fwmark 0x539 lookup 133";

/** Makes a folder of iptables, and of nothing else; landfall runs by the name `bare` with only this on its PATH. */
const BARE = `mkdir /run/bare; for t in iptables ip6tables; do for x in save restore; do ln -s $(readlink -f /usr/sbin/$t-$x) /run/bare/$t-$x; done; done; bare() { PATH=/run/bare $LANDFALL_MAIN "$@"; }`;

/** Puts a shell script in the place of a command, for landfall by the name `stubbed`. */
function stub(command: string, script: string): string {
  return `mkdir -p /run/bin; printf '#!/bin/sh\\n%s\\n' '${script}' >/run/bin/${command}; chmod +x /run/bin/${command}; stubbed() { PATH=/run/bin:$PATH $LANDFALL_MAIN "$@"; }`;
}

/** Runs a script; `code` prints the status of the last command, `rules` the marked rules of policy routing, `nat` the rules of nat. */
async function run(script: string) {
  const prelude = `code() { echo "code $?"; }; rules() { ip rule | grep fwmark | sed "s/.*from/from/"; }; nat() { iptables -t nat -S | grep -v "^-P"; }`;
  const { stdout, stderr } = await runInNamespace(`${prelude}\n${script}`);
  return { lines: stdout.trim().split("\n"), said: stderr };
}

describe("policy-routing rules with a further condition", () => {
  test.concurrent("are not ours, and are not deleted in place of ours", async () => {
    const from = (address: string) => `ip rule add from ${address} fwmark 1337 lookup 133`;
    const script = `${from("1.2.3.4")}; landfall apply ${TPROXY} >/run/o; ${from("2.3.4.5")}; rules; landfall clean; rules; landfall clean; rules`;
    const foreign = ["2.3.4.5", "1.2.3.4"].map((address) => `from ${address} fwmark 0x539 lookup 133`);
    expect((await run(script)).lines).toEqual([foreign[0], PLAIN_RULE, foreign[1], ...foreign, ...foreign]);
  });

  test.concurrent("without a record all equal rules are removed, also a second one that a script added", async () => {
    const add = "ip rule add fwmark 1337 lookup 133";
    expect((await run(`${add}; ${add}; rules; landfall clean; rules; echo end`)).lines).toEqual([
      PLAIN_RULE,
      PLAIN_RULE,
      "end",
    ]);
  });
});

test.concurrent("without /proc apply says that it cannot tell whose namespace this is", async () => {
  const { lines, said } = await run(
    `umount -l /proc; landfall apply ${SEED}; echo "code $?"; landfall clean; echo "code $?"`,
  );
  expect({ lines, said }).toEqual({
    lines: ["code 3", "code 3"],
    said: expect.stringContaining("mount -t proc proc /proc"),
  });
});

describe("without ip", () => {
  test.concurrent("a pod that needs no policy routing is applied and cleaned; busybox's ip counts as missing", async () => {
    const busybox = stub("ip", "echo Usage: busybox >&2; exit 1");
    const script = `${BARE}; ${busybox}; bare apply ${SEED} >/run/o; code; bare clean; nat; stubbed apply ${SEED} >/run/o; code; stubbed clean; nat; echo end`;
    expect((await run(script)).lines).toEqual(["code 0", "code 0", "end"]);
  });

  test.concurrent("policy routing that cannot be seen is not left behind, with or without a record", async () => {
    const refused = `bare clean; code; bare apply ${SEED} >/run/o; code`;
    const script = `${BARE}; landfall apply ${TPROXY} >/run/o; ${refused}; rm -r /run/landfall; ${refused}; rules; landfall clean; rules; nat; echo end`;
    const { lines, said } = await run(script);
    expect(lines).toEqual([...Array.from({ length: 4 }, () => "code 3"), PLAIN_RULE, "end"]);
    expect(said).toMatch(/cannot be read or removed without the ip command/);
  });

  test.concurrent("an ip that is killed is not taken for a missing one", async () => {
    const { lines, said } = await run(`${stub("ip", "kill -9 $$")}; stubbed apply ${SEED}; code; nat`);
    expect({ lines, said }).toEqual({ lines: ["code 3"], said: expect.stringContaining("ended by SIGKILL") });
  });
});

describe("rules that are not one line each", () => {
  test.concurrent("a comment with a line break is one rule, whatever it says", async () => {
    const comment = `iptables -t nat -A OUTPUT -m comment --comment "x\n-A OUTPUT -p tcp -j ISTIO_OUTPUT" -j RETURN`;
    const script = `${comment}; iptables -t nat -A OUTPUT -p tcp --dport 9 -j RETURN; nat; landfall apply ${SEED} >/run/o; landfall apply --json ${SEED} | grep outcome; landfall clean; nat`;
    const { lines } = await run(script);
    expect(lines).toHaveLength(7);
    expect(lines[3]).toBe('  "outcome": "unchanged",');
    expect(lines.slice(4)).toEqual(lines.slice(0, 3));
  });

  test.concurrent("a table that only nft can read is not taken for an empty one", async () => {
    const native = "nft add rule ip nat OUTPUT meta mark set 5 ct mark set 7";
    const script = `landfall apply ${SEED} >/run/o; nft list table ip nat >/run/a; ${native}; landfall clean; code; landfall apply ${TPROXY} >/run/o; code; nft delete rule ip nat OUTPUT handle $(nft -a list chain ip nat OUTPUT | sed -n "s/.*ct mark.*handle //p"); nft list table ip nat | cmp - /run/a; code`;
    const { lines, said } = await run(script);
    expect(lines).toEqual(["code 3", "code 3", "code 0"]);
    expect(said).toMatch(/table nat contains rules that only nft can read/);
  });
});

describe("users and groups", () => {
  test.concurrent("are those that iptables takes, by name before number, whatever the name looks like", async () => {
    const names = ["1000", "1abc", "foo#bar", "dup", "oct", "1000-2000", "user.dot", "web$"];
    const numbers = ["5", "77", "78", "1", "010", "9", "81", "82"];
    const users = [
      ...names.map((name, i) => `${name}:x:${numbers[i]}:0:::`),
      "dup:x:2:0:::",
      "five:x:1000:0:::",
      ":::",
    ].join("\n");
    const quoted = names.map((name) => `'${name}'`).join(" ");
    const script = `echo '${users}' >/run/users; for f in passwd group; do mount --bind /run/users /etc/$f; done
      owners() { nat | grep -e "-A $1 -m owner" | grep -o "[ug]id-owner [0-9]*" | sort; }
      iptables -t nat -N T; for n in ${quoted}; do for w in uid gid; do iptables -t nat -A T -m owner --$w-owner "$n"; done; done
      owners T; landfall apply -u '${names.join(",")}' >/run/o; owners ISTIO_OUTPUT; ENVOY_USER=1000 landfall apply >/run/o; owners ISTIO_OUTPUT`;
    const wanted = ["gid", "uid"].flatMap((what) => numbers.map((id) => `${what}-owner ${Number(id)}`)).toSorted();
    const byVariable = ["gid-owner 0", "gid-owner 5", "uid-owner 0", "uid-owner 5"];
    expect((await run(script)).lines).toEqual([...wanted, ...wanted, ...byVariable]);
  });
});

describe("a process that changes the chains between apply's reading and writing", () => {
  test.concurrent("loses no rule", async () => {
    const restore = `case "$*" in --noflush\\ -w\\ 10) /usr/sbin/iptables -t nat -I PREROUTING 1 -p udp -j RETURN;; esac; exec /usr/sbin/iptables-restore "$@"`;
    const foreign = "iptables -t nat -A PREROUTING -p tcp --dport 9 -j RETURN";
    const prerouting = "nat | grep -e '-A PREROUTING'";
    const script = `${foreign}; landfall apply ${SEED} >/run/o; ${stub("iptables-restore", restore)}; stubbed apply ${TPROXY} >/run/o; ${prerouting}; stubbed clean; ${prerouting}`;
    const udp = "-A PREROUTING -p udp -j RETURN";
    const tcp = "-A PREROUTING -p tcp -m tcp --dport 9 -j RETURN";
    expect((await run(script)).lines).toEqual([udp, tcp, udp, udp, tcp]);
  });
});

describe("a failure that cannot be undone", () => {
  test.concurrent("is reported, and the next clean finds everything that it left", async () => {
    const restore = `case "$*" in *--version|*--test*) exec /usr/sbin/iptables-restore "$@";; esac; touch /run/dead; kill -9 $$`;
    const save = "[ ! -e /run/dead ] || kill -9 $$; exec /usr/sbin/iptables-save";
    const script = `landfall apply ${SEED} >/run/o; nat >/run/a; ${stub("iptables-restore", restore)}; ${stub("iptables-save", save)}; stubbed apply ${TPROXY} >/run/o; code; nat | cmp - /run/a; code; landfall apply ${TPROXY} >/run/o; landfall clean; nat; rules; echo end`;
    const { lines, said } = await run(script);
    expect(lines).toEqual(["code 3", "code 0", "end"]);
    expect(said).toMatch(/ended by SIGKILL(.*\n)+.*Some changes could not be undone/);
  });

  test.concurrent("restores policy routing as far as it had been changed", async () => {
    const ip = `/usr/sbin/ip "$@" || exit; case "$*" in "-4 -batch -") [ -e /run/once ] || { touch /run/once; exit 2; };; esac`;
    const script = `landfall apply ${TPROXY} >/run/o; rules; ${stub("ip", ip)}; stubbed apply ${SEED} >/run/o; code; rules; ip route show table 133 | wc -l; landfall apply --json ${TPROXY} | grep outcome`;
    expect((await run(script)).lines).toEqual([PLAIN_RULE, "code 3", PLAIN_RULE, "1", '  "outcome": "unchanged",']);
  });

  test.concurrent("reports a record that cannot be removed, and the rules are gone", async () => {
    const script = `landfall apply ${TPROXY} >/run/o; mount -o remount,ro /run; landfall clean; code; rules; nat; echo end`;
    const { lines, said } = await run(script);
    expect({ lines, said }).toEqual({ lines: ["code 0", "end"], said: expect.stringMatching(/cannot be removed/) });
  });

  test.concurrent("after a clean without a record is killed between rules and routing, the next clean completes it", async () => {
    const ip = `case "$*" in "-4 -batch -") kill -9 $PPID; exit;; esac; exec /usr/sbin/ip "$@"`;
    const mark = "export ISTIO_INBOUND_TPROXY_MARK=4242 ISTIO_INBOUND_TPROXY_ROUTE_TABLE=77";
    const script = `${mark}; landfall apply ${TPROXY} >/run/o; rm -r /run/landfall; ${stub("ip", ip)}; stubbed clean 2>/run/e; nat; rules; landfall clean; rules; ip route show table 77 2>/run/e; ls /run/landfall; echo end`;
    expect((await run(script)).lines).toEqual(["from all fwmark 0x1092 lookup 77", "end"]);
  });
});
