import { execFileSync } from "node:child_process";
import { renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { generateRules } from "../../harness/meshes/istio-1.4/rules.ts";
import type { Ruleset } from "../../harness/model/ruleset.ts";
import { seedConfig } from "../seed-config.ts";
import { median } from "./figure.ts";

const ROUNDS = 15;

/**
 * Measures one iptables-restore and one ip6tables-restore of the seed's rules, one after the other, in a fresh network namespace; the
 * median in milliseconds. Needs root.
 */
export function measureRestore(): number {
  const { ip, ip6 } = generateRules(seedConfig());
  const write = (ruleset: Ruleset | null, file: string) =>
    `cat >${file} <<'RULES'\n${ruleset === null ? "" : renderIptablesSave(ruleset)}RULES`;
  const script = [
    "mount -t tmpfs tmpfs /run",
    write(ip, "/run/v4"),
    write(ip6, "/run/v6"),
    `for i in $(seq ${ROUNDS}); do s=$(date +%s%N); iptables-restore </run/v4; ip6tables-restore </run/v6; echo $(($(date +%s%N) - s)); done`,
  ].join("\n");
  const words = ["-mn", "--propagation", "private", "bash", "--norc", "-ec", script];
  const times = execFileSync("unshare", words, { encoding: "utf8" }).trim().split("\n");
  return median(times.map((ns) => Number(ns) / 1e6));
}

if (import.meta.main) console.log(measureRestore());
