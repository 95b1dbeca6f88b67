import { describe, expect, test } from "vitest";
import { complainBySchema } from "../schemas/schema.ts";
import { buildOnce, runInNamespace, type ScriptResult } from "./namespace-setup.ts";

buildOnce();

const ISTIO = `--mesh istio -b '*' -i '*'`;
const NATIVE = `${ISTIO} --native-nftables`;
const TPROXY = `${NATIVE} -m TPROXY --redirect-dns --drop-invalid`;
/** What the kernel has of every tool, counters left out. */
const SHOW = `show() { nft list ruleset 2>/dev/null | sed 's/packets [0-9]* bytes [0-9]*/packets 0 bytes 0/'; ip rule | grep fwmark; }`;
/** Somebody else's table. */
const FOREIGN = `nft 'table inet mine { chain c { type filter hook output priority 0; tcp dport 9 drop; }; }'`;

async function run(script: string): Promise<ScriptResult> {
  return runInNamespace(`${SHOW}\n${script}`);
}

/** The names of the tables in what `show` printed. */
function tablesIn(text: string): readonly string[] {
  return [...text.matchAll(/^table (\S+ \S+) \{/gm)].map(([, name = ""]) => name).toSorted();
}

describe("native rules of nftables", () => {
  test.concurrent("are applied, and a second apply changes nothing", async () => {
    const apply = `landfall apply ${TPROXY} --json`;
    const { stdout } = await run(`${apply}; show; echo; echo ---; ${apply} | grep -e outcome -e variant; show`);
    const [first = "", second = ""] = stdout.split("---\n");
    const [, json = "", once = ""] = /^(\{.*?^\})\n(.*)$/ms.exec(first) ?? [];
    expect(complainBySchema("apply", JSON.parse(json))).toEqual([]);
    expect(JSON.parse(json)).toMatchObject({ outcome: "applied", variant: "native-nftables", ip: { nat: [] } });
    expect(tablesIn(once)).toEqual(["inet istio-proxy-mangle", "inet istio-proxy-nat", "inet istio-proxy-raw"]);
    expect(second).toBe(`  "variant": "native-nftables",\n  "outcome": "unchanged",\n${once.trimEnd()}\n`);
  });

  test.concurrent("are planned by a dry run, which changes nothing", async () => {
    const dry = (words: string) => `landfall apply ${words} --dry-run --detailed-exitcode --json`;
    const { stdout } = await run(
      `landfall apply ${ISTIO} >/dev/null; (show; iptables-save | grep -v '^#') >/run/before; ${dry(TPROXY)}; echo $?,; (show; iptables-save | grep -v '^#') | diff /run/before - || echo '"touched",'
       landfall apply ${TPROXY} >/dev/null; ${dry(TPROXY)}; echo $?,; ${dry(`${TPROXY} -p 15111`)}; echo $?`,
    );
    const [first, code, second, same, third, changed] = JSON.parse(`[${stdout.replaceAll(/^\}$/gm, "},")}]`);
    expect([code, same, changed]).toEqual([1, 0, 1]);
    for (const one of [first, second, third]) expect(complainBySchema("apply", one)).toEqual([]);
    const count = ({ plan }: typeof first, key: "added" | "removed" | "unchanged") =>
      [...plan.tables, ...plan.policyRouting].map((one) => one[key].length).reduce((a: number, b: number) => a + b, 0);
    expect([count(first, "unchanged"), count(second, "added"), count(second, "removed")]).toEqual([0, 0, 0]);
    expect(count(second, "unchanged")).toBe(count(first, "added"));
    expect(
      first.plan.tables.map(
        ({ family, table }: { readonly family: string; readonly table: string }) => `${family} ${table}`,
      ),
    ).toEqual([...["4 nat", "inet istio-proxy-nat", "inet istio-proxy-mangle", "inet istio-proxy-raw"]]);
    const redirect = "add rule inet istio-proxy-nat istio-redirect meta l4proto tcp counter redirect to :";
    const nat = third.plan.tables.find(({ table }: { readonly table: string }) => table === "istio-proxy-nat");
    expect([nat.removed, nat.added]).toEqual([[`${redirect}15001`], [`${redirect}15111`]]);
  });

  test.concurrent("are replaced completely, also those of earlier settings in other tables", async () => {
    const { stdout } = await run(
      `landfall apply ${TPROXY} >/dev/null; landfall apply ${NATIVE} -p 15111 >/dev/null; show`,
    );
    expect(tablesIn(stdout)).toEqual(["inet istio-proxy-nat"]);
    expect(stdout).toContain("redirect to :15111");
    expect(stdout).not.toContain("redirect to :15001");
    expect(stdout).not.toContain("fwmark");
  });

  test.concurrent("replace the iptables rules of an earlier run, and are replaced by them", async () => {
    const { stdout } = await run(
      `landfall apply ${ISTIO} >/dev/null; landfall apply ${NATIVE} >/dev/null; show; iptables-save | grep -c -e '^-A'; echo ---
       landfall apply ${ISTIO} >/dev/null; show; iptables-save | grep -c -e '^-A'`,
    );
    const [native = "", iptables = ""] = stdout.split("---\n");
    expect(tablesIn(native)).toContain("inet istio-proxy-nat");
    expect(native).toMatch(/^0$/m);
    expect(tablesIn(iptables)).not.toContain("inet istio-proxy-nat");
    expect(iptables).toMatch(/^1\d$/m);
  });

  test.concurrent("are replaced and removed together with foreign rules among them, which are listed", async () => {
    const add = "nft add rule inet istio-proxy-nat istio-output tcp dport 9 accept";
    const { stderr } = await run(
      `landfall apply ${NATIVE} >/dev/null; landfall apply ${NATIVE} >/dev/null; ${add}; landfall apply ${NATIVE} -p 15111 >/dev/null
       ${add}; landfall clean; nft 'table inet istio-proxy-nat { chain c { tcp dport 9 accept; }; }'; landfall apply ${NATIVE} >/dev/null`,
    );
    const rule = "  nft add rule inet istio-proxy-nat istio-output tcp dport 9 accept";
    const what = "in the mesh's own chains or jumping to them";
    expect(stderr.trim().split("\n")).toEqual([
      "landfall: nothing to change",
      `landfall: notice: replaced one rule ${what}, that apply did not create:`,
      rule,
      `landfall: notice: removed one rule ${what}, that apply did not create:`,
      rule,
      "landfall: cleaned",
      `landfall: notice: replaced one rule ${what}, without a record of what created them:`,
      "  nft add rule inet istio-proxy-nat c tcp dport 9 accept",
    ]);
  });

  test.concurrent("are removed by clean, and foreign tables stay", async () => {
    const { stdout } = await run(
      `${FOREIGN}; show >/run/before; landfall apply ${TPROXY} >/dev/null; nft list table inet mine >/run/mine
       landfall clean --json; show | diff /run/before - && echo same; landfall clean --json | grep outcome`,
    );
    expect(stdout).toContain("delete table inet istio-proxy-nat");
    expect(stdout).toMatch(/^same$/m);
    expect(stdout).toContain('"outcome": "nothing-to-clean"');
  });

  test.concurrent("are removed by clean without a record too, because tables are known by name", async () => {
    const { stdout } = await run(`landfall apply ${NATIVE} >/dev/null; rm -r /run/landfall; landfall clean; show`);
    expect(stdout).toBe("");
  });

  test.concurrent("need no iptables", async () => {
    const only = `mkdir /run/bin; ln -s "$(command -v nft)" "$(command -v ip)" /run/bin; PATH=/run/bin`;
    const { stdout, stderr, status } = await run(
      `(${only}; landfall apply ${NATIVE} >/dev/null); show; (${only}; landfall apply ${ISTIO} >/dev/null)`,
    );
    expect(tablesIn(stdout)).toEqual(["inet istio-proxy-nat"]);
    expect(stderr).toMatch(/iptables/);
    expect(status).toBe(3);
  });

  test.concurrent("are refused without nft, and nothing is changed", async () => {
    const without = `mkdir /run/bin; for t in ip iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do ln -s "$(command -v $t)" /run/bin; done; PATH=/run/bin`;
    const { stdout, stderr, status } = await run(
      `(${without}; landfall apply ${NATIVE}) || { echo $?; show; exit 3; }`,
    );
    expect(stderr).toContain("There is no nft in the PATH.");
    expect(tablesIn(stdout)).toEqual([]);
    expect(status).toBe(3);
  });

  test.concurrent("keep the iptables rules of an earlier run if the kernel refuses them", async () => {
    const refusing = `mkdir /run/bin; printf '#!/bin/sh\\ncase "$*" in *-f*) echo no >&2; exit 1;; esac\\nexec %s "$@"\\n' "$(command -v nft)" >/run/bin/nft; chmod +x /run/bin/nft`;
    const { stdout, stderr, status } = await run(
      `landfall apply ${ISTIO} >/dev/null; show >/run/before; ${refusing}; PATH=/run/bin:$PATH landfall apply ${NATIVE} >/dev/null; code=$?; show | diff /run/before - && echo same; exit $code`,
    );
    expect(stderr).toContain("nft rejected the rules: no");
    expect(stdout).toBe("same\n");
    expect(status).toBe(3);
  });

  test.concurrent("are removed again if the iptables rules of an earlier run cannot be removed", async () => {
    const refusing = `mkdir /run/bin; printf '#!/bin/sh\\necho no >&2\\nexit 1\\n' >/run/bin/iptables-restore; chmod +x /run/bin/iptables-restore`;
    const { stdout, stderr, status } = await run(
      `landfall apply ${ISTIO} >/dev/null; show >/run/before; ${refusing}
       for t in iptables iptables-save; do ln -s "$(command -v $t)" /run/bin; done
       PATH=/run/bin:$PATH landfall apply ${NATIVE} >/dev/null; code=$?; show | diff /run/before - && echo same; exit $code`,
    );
    expect(stderr).toContain("rejected the rules: no");
    expect(stdout).toBe("same\n");
    expect(status).toBe(3);
  });

  test.concurrent("of Consul are applied and removed by clean", async () => {
    const { stdout } = await run(
      `landfall apply --mesh consul --native-nftables --mesh-config - >/dev/null <<<'{"ProxyUserID":"5995","ProxyInboundPort":20000}'; show; landfall clean; show`,
    );
    expect(tablesIn(stdout)).toEqual(["inet consul_tproxy"]);
  });
});
