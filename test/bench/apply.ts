import { execFileSync } from "node:child_process";
import { renderPodCommands } from "../../harness/formats/commands.ts";
import { generateRules } from "../../harness/meshes/istio-1.4/rules.ts";
import { SEED_COMMAND } from "../../harness/meshes/istio-1.4/seed.ts";
import { seedConfig } from "../seed-config.ts";
import { median } from "./figure.ts";
import { type OwnBuild, withOwnBuild } from "./own-build.ts";

/** What `apply` costs as a process, from a build, seed command, each time in a fresh namespace; milliseconds, medians. */
export interface ApplyFigures {
  /** Node alone: start and end. */
  readonly nodeMs: number;
  /** The same rules by one iptables process each, as the original does it, and its dump. */
  readonly commandsMs: number;
  readonly applyMs: number;
  /** A second, identical `apply`, which changes nothing. */
  readonly againMs: number;
  readonly cleanMs: number;
}

const ROUNDS = 10;

/** Measures `apply` of a build; takes about ten seconds on two cores. Needs root. */
export function measureApply({ main }: OwnBuild): ApplyFigures {
  const rounds = Array.from({ length: ROUNDS }, () => measureRound(main));
  const [nodeMs, commandsMs, applyMs, againMs, cleanMs] = [0, 1, 2, 3, 4].map((i) =>
    median(rounds.map((round) => round[i] ?? Number.NaN)),
  ) as [number, number, number, number, number];
  return { nodeMs, commandsMs, applyMs, againMs, cleanMs };
}

function measureRound(main: string): readonly number[] {
  const landfall = `${process.execPath} ${main}`;
  const steps = [
    `${process.execPath} -e 0`,
    "original",
    `${landfall} apply ${SEED_COMMAND}`,
    `${landfall} apply ${SEED_COMMAND}`,
    `${landfall} clean`,
  ];
  const timed = steps.map(
    (step, i) => `${i === 2 ? "restart; " : ""}s=$(date +%s%N); ${step} >/run/out 2>&1; echo $(($(date +%s%N) - s))`,
  );
  const script = `mount -t tmpfs tmpfs /run; ip link set lo up; original() { ${originalCommands()}\n}\nrestart() { iptables-save | grep -v ISTIO >/run/rules; iptables-restore </run/rules; ip6tables -F INPUT; }\n${timed.join("\n")}`;
  const words = ["-mn", "--propagation", "private", "bash", "--norc", "-c", script];
  return execFileSync("unshare", words, { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((ns) => Number(ns) / 1e6);
}

/** The original's iptables processes, and its dump; less what it spends on itself. */
function originalCommands(): string {
  return [...renderPodCommands(generateRules(seedConfig())), "iptables-save", "ip6tables-save"].join("\n");
}

if (import.meta.main) console.table(await withOwnBuild(measureApply));
