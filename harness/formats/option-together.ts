import type { OptionUse } from "./match-module.ts";
import { describeBurst } from "./option-rates.ts";
import { parseNumber } from "./values.ts";

/** All options of one section, as the final check of an extension sees them. */
interface Together {
  readonly written: readonly OptionUse[];
  readonly has: (...options: readonly string[]) => boolean;
  /** Gives the value of an option; empty where it is not given. */
  readonly textOf: (...options: readonly string[]) => string;
}

/**
 * Gives what an extension's final check, or the kernel, says of its options together, or null where all is well (`final_check` and
 * `x6_fcheck` in extensions/libxt_NAME.c, 1.8.9; `checkentry` in net/netfilter/xt_NAME.c, 6.18).
 */
const CHECKS: Readonly<Record<string, (options: Together) => string | null>> = {
  owner: ({ has }) =>
    has("--suppl-groups") && !has("--gid-owner") ? "--suppl-groups needs --gid-owner as well." : null,
  policy: checkPolicy,
  statistic: checkStatistic,
  time: ({ has, textOf }) => {
    const isOverMidnight = secondsOf(textOf("--timestop") || "23:59:59") < secondsOf(textOf("--timestart") || "0:0");
    return has("--contiguous") && !isOverMidnight ? "--contiguous needs a --timestop before --timestart." : null;
  },
  hashlimit: ({ has, textOf }) => {
    const rate = textOf("--hashlimit-upto", "--hashlimit-above", "--hashlimit");
    const wanted = has("--hashlimit-burst") ? describeBurst(textOf("--hashlimit-burst"), rate) : null;
    return wanted === null ? null : `--hashlimit-burst takes ${wanted} with the rate ${rate}.`;
  },
  recent: ({ has, textOf }) => {
    const counts = ["--seconds", "--hitcount"].find((option) => has(option) && parseNumber(textOf(option), 0) !== 0);
    return counts !== undefined && has("--set", "--remove")
      ? `${counts} needs --rcheck or --update instead of --set or --remove.`
      : null;
  },
  string: ({ has, textOf }) =>
    has("--from") && has("--to") && numberOf(textOf("--from")) > numberOf(textOf("--to"))
      ? "--from must not be greater than --to."
      : null,
  cgroup: ({ has }) => (has("--path") === has("--cgroup") ? "cgroup needs --path or --cgroup, and not both." : null),
  cluster: ({ has, textOf }) => {
    const total = numberOf(textOf("--cluster-total-nodes"));
    if (!has("--cluster-local-node", "--cluster-local-nodemask"))
      return "cluster needs --cluster-local-node or --cluster-local-nodemask.";
    const isIn = has("--cluster-local-node")
      ? numberOf(textOf("--cluster-local-node")) <= total
      : numberOf(textOf("--cluster-local-nodemask")) < 2 ** total;
    return isIn ? null : `The local node is greater than --cluster-total-nodes, which is ${total}.`;
  },
  CONNMARK: ({ has }) =>
    has("--left-shift-mark", "--right-shift-mark") && !has("--set-xmark", "--set-mark", "--save-mark", "--restore-mark")
      ? "A shift needs --set-xmark, --save-mark or --restore-mark as well."
      : null,
};

/** Gives what is wrong with the options of one section together, in a sentence; null where nothing is, or no check is known. */
export function checkTogether(name: string, written: readonly OptionUse[]): string | null {
  const find = (options: readonly string[]) => written.find(({ option }) => options.includes(option));
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
  return (
    check?.({
      written,
      has: (...options) => find(options) !== undefined,
      textOf: (...options) => find(options)?.values[0] ?? "",
    }) ?? null
  );
}

function checkStatistic({ has, textOf }: Together): string | null {
  const mode = textOf("--mode");
  const needed = mode === "random" ? "--probability" : mode === "nth" ? "--every" : null;
  if (needed !== null && !has(needed)) return `--mode ${mode} needs ${needed}.`;
  if (!has("--every") || !has("--packet")) return null;
  const [every, packet] = [numberOf(textOf("--every")), numberOf(textOf("--packet"))];
  return packet >= every ? `--packet counts from 0 and must be less than --every, which is ${every}.` : null;
}

/** What a policy's element may be asked for; `--next` begins another. */
const ELEMENT = ["--reqid", "--spi", "--tunnel-src", "--tunnel-dst", "--proto", "--mode"];

function checkPolicy({ written, has, textOf }: Together): string | null {
  if (!has("--dir")) return "policy needs --dir in or --dir out.";
  if (textOf("--pol") === "none" && has("--strict")) return "--strict cannot be combined with --pol none; remove one.";
  const elements: OptionUse[][] = [[]];
  for (const use of written) {
    if (use.option === "--next") elements.push([]);
    else if (ELEMENT.includes(use.option)) elements.at(-1)?.push(use);
  }
  if (has("--strict") && elements.some((element) => element.length === 0))
    return `With --strict each element needs one of ${ELEMENT.join(", ")}.`;
  return elements.map(describeElement).find((fault) => fault !== null) ?? null;
}

/** Says what is wrong with one element of a policy, or null. */
function describeElement(element: readonly OptionUse[]): string | null {
  const names = element.map(({ option }) => option);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) return `${twice} appears twice; start another element with --next.`;
  const isTunnel = element.some(({ option, values }) => option === "--mode" && values[0] === "tunnel");
  return names.some((name) => name.startsWith("--tunnel")) && names.includes("--mode") && !isTunnel
    ? "--tunnel-src and --tunnel-dst need --mode tunnel."
    : null;
}

function numberOf(text: string): number {
  return parseNumber(text, Number.MAX_SAFE_INTEGER) ?? Number.NaN;
}

/** Gives a time of day in seconds. */
function secondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(":").map(Number);
  return (hours * 60 + minutes) * 60 + seconds;
}
