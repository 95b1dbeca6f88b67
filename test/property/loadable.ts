import { execFileSync } from "node:child_process";

/** One rule for each target that a kernel may have no module for, or that needs something beside it (a set, a helper). */
const RULES: Readonly<Record<string, string>> = {
  AUDIT: "-t mangle -A OUTPUT -j AUDIT --type drop",
  CHECKSUM: "-t mangle -A OUTPUT -j CHECKSUM --checksum-fill",
  CLASSIFY: "-t mangle -A OUTPUT -j CLASSIFY --set-class 1:10",
  CONNSECMARK: "-t mangle -A OUTPUT -j CONNSECMARK --save",
  CT: "-t raw -A OUTPUT -p tcp -j CT --helper ftp",
  DSCP: "-t mangle -A OUTPUT -j DSCP --set-dscp 0x20",
  ECN: "-t mangle -A OUTPUT -p tcp -j ECN --ecn-tcp-remove",
  IDLETIMER: "-t mangle -A OUTPUT -j IDLETIMER --timeout 5 --label landfall-probe",
  LED: "-t mangle -A OUTPUT -j LED --led-trigger-id landfall-probe",
  NFLOG: "-t mangle -A OUTPUT -j NFLOG",
  RATEEST: "-t mangle -A OUTPUT -j RATEEST --rateest-name x --rateest-interval 250ms --rateest-ewmalog 500ms",
  SECMARK: "-t mangle -A OUTPUT -j SECMARK --selctx landfall",
  SET: "-t mangle -A OUTPUT -j SET --add-set landfall src,dst",
  TCPMSS: "-t mangle -A OUTPUT -p tcp --syn -j TCPMSS --set-mss 1400",
  TCPOPTSTRIP: "-t mangle -A OUTPUT -p tcp -j TCPOPTSTRIP --strip-options 4",
  TEE: "-t mangle -A OUTPUT -j TEE --gateway 10.0.0.9",
  TOS: "-t mangle -A OUTPUT -j TOS --set-tos 0x10",
  TRACE: "-t raw -A OUTPUT -j TRACE",
  TTL: "-t mangle -A OUTPUT -j TTL --ttl-set 64",
  ULOG: "-t mangle -A OUTPUT -j ULOG",
};

/** Gives the names of the targets that this machine's kernel does not load, by either variant; each is tried in a network namespace. */
export function findUnloadable(): readonly string[] {
  const tries = Object.entries(RULES).map(
    ([name, rule]) =>
      `for tool in nft legacy; do unshare -n iptables-$tool ${rule} >/dev/null 2>&1 || { echo ${name}; break; }; done`,
  );
  return execFileSync("sh", ["-c", tries.join("\n")], { encoding: "utf8" })
    .split("\n")
    .filter((name) => name !== "");
}
