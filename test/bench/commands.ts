import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Figure, makeFigure, median } from "./figure.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MAIN = join(ROOT, "harness/cli/main.ts");
const SEED = [
  "-p",
  "15001",
  "-z",
  "15006",
  "-u",
  "1337",
  "-m",
  "REDIRECT",
  "-i",
  "*",
  "-x",
  "",
  "-b",
  "*",
  "-d",
  "15020",
];
/** What the original needs for the seed command, measured once with nft in fresh namespaces. */
const ORIGINAL_APPLY_MS = 49;

/** Measures whole commands, cold process to last word: `verify` of the seed and of everything, `apply` beside one command a rule. */
export async function measureCommands(engine: "engine" | "no-engine"): Promise<readonly Figure[]> {
  const figures = [
    makeFigure("verify seed, cold process, netns", await timeVerify(["--sandbox", "netns"], 7), "ms", 800),
    makeFigure("verify --all, netns", await timeVerify(["--all", "--sandbox", "netns"], 3), "ms", 6_000),
  ];
  if (engine === "no-engine") return [...figures, ...measureApply()];
  return [
    ...figures,
    makeFigure("verify seed, cold process, docker", await timeVerify(["--sandbox", "docker"], 5), "ms", 2_500),
    makeFigure("verify --all, docker", await timeVerify(["--all", "--sandbox", "docker"], 1), "ms", 30_000),
    ...measureApply(),
  ];
}

/** Gives the time from a cold process to the finished table, the middle of some rounds; the sandbox is removed after the table. */
async function timeVerify(options: readonly string[], rounds: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    const child = spawn(process.execPath, [MAIN, "verify", ...options], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    let text = "";
    for await (const chunk of child.stdout) {
      text += chunk;
      if (/^\d+ flows: \d+ as expected, in/m.test(text)) times[round] ??= performance.now() - from;
    }
    const [status] = await ended;
    if (status !== 0) throw new Error(`verify ${options.join(" ")} ended with ${status}: ${text}`);
  }
  return median(times);
}

/** `apply` from `dist/`, and the same rules put in by one command each, as the original does; every round in a fresh namespace. */
function measureApply(): readonly Figure[] {
  const folder = mkdtempSync(join(tmpdir(), "landfall-bench-"));
  try {
    execFileSync("npm", ["run", "-s", "build"], { cwd: ROOT, stdio: "ignore" });
    const commands = execFileSync(process.execPath, [MAIN, "generate", ...SEED, "--format", "commands"]);
    writeFileSync(join(folder, "commands.sh"), `set -e\n${commands}`);
    const inNamespace = (command: string) =>
      timeCommand(
        "unshare",
        ["-nm", "sh", "-c", `mount -t tmpfs none /run && ip link set lo up && ${command} >/dev/null`],
        10,
      );
    const empty = inNamespace("true");
    const flags = SEED.map((word) => `'${word}'`).join(" ");
    const apply =
      inNamespace(`'${process.execPath}' '${join(ROOT, "dist/harness/cli/main.js")}' apply ${flags}`) - empty;
    const oneByOne = inNamespace(`sh '${join(folder, "commands.sh")}'`) - empty;
    const bare = inNamespace(`'${process.execPath}' -e 0`) - empty;
    return [
      makeFigure("apply of the seed as a process, from dist/", apply, "ms", 2 * ORIGINAL_APPLY_MS),
      makeFigure("  beside it: Node's start-up alone", bare, "ms"),
      makeFigure("  beside it: the same rules, one iptables command each", oneByOne, "ms"),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Gives a command's duration in milliseconds, the middle of some rounds; throws where it fails. */
function timeCommand(command: string, args: readonly string[], rounds: number): number {
  return median(
    Array.from({ length: rounds }, () => {
      const from = performance.now();
      const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
      if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
      return performance.now() - from;
    }),
  );
}
