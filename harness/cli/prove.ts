import { type PropertyResult, proveProperties } from "../analysis/prove.ts";
import { describeLanding } from "../report/landing-phrase.ts";
import { ANALYSIS_OPTIONS, readAnalysisInput } from "./analysis-input.ts";
import type { Command } from "./command.ts";
import type { CommandHelp } from "./help.ts";

const HELP: CommandHelp = {
  usage: ["landfall prove [ISTIO FLAG…] [OPTION…]"],
  about: [
    "Proves the guarantees of a capture config over all flows, or gives a counterexample. Without a flag, those of the seed command. Nothing is driven.",
  ],
  terms: {
    title: "Guarantees",
    rows: [
      ["no-uid-loop", "the proxy's own traffic never comes back to it, and nothing it dials on goes round for ever"],
      ["inbound-captured", "what comes from outside on an included port lands on the proxy"],
      ["outbound-captured", "what the workload sends to an included range lands on the proxy"],
      ["exclusions-untouched", "excluded ports and ranges land where they were dialled"],
      ["loopback-untouched", "127.0.0.1 and ::1 land where they were dialled"],
    ],
  },
  options: [{ title: "Options", options: ANALYSIS_OPTIONS }],
  captureFlags: "listed",
  examples: [["landfall prove -u 1337 -b '*' -i '*' --rules rules.txt", "what the flags demand, of rules from a file"]],
  exitCodes: { 0: "all hold", 1: "a counterexample was found", 2: "bad input", 3: "the budget ran out" },
};

/** `landfall prove`: the guarantees of a capture config, over all flows. */
export const prove: Command = {
  help: HELP,
  async run(args, io) {
    const { line, rules, config, setting } = readAnalysisInput(args, [], io);
    if (line.capture.purpose === "usage") return "help";
    const results = proveProperties(rules, config, setting);
    const data = { formatVersion: "1.0", properties: results };
    io.out(line.options.values.has("json") ? `${JSON.stringify(data, null, 2)}\n` : renderResults(results));
    return exitCodeOf(results);
  },
};

/** A breach outranks what could not be told. */
function exitCodeOf(results: readonly PropertyResult[]): number {
  const broken = results.flatMap(({ counterexample }) => (counterexample ? [counterexample.landing.kind] : []));
  if (broken.length === 0) return 0;
  return broken.every((kind) => kind === "could-not-look") ? 3 : 1;
}

function renderResults(results: readonly PropertyResult[]): string {
  return results.map(renderResult).join("");
}

function renderResult({ name, counterexample, exceptions }: PropertyResult): string {
  const unknown = counterexample?.landing.kind === "could-not-look";
  const head = counterexample === null ? "holds" : unknown ? "is not known to hold" : "does not hold";
  const against =
    counterexample === null
      ? []
      : [`  ${counterexample.flow.flow}  lands on  ${describeLanding(counterexample.landing)}`];
  const aside = exceptions.map(
    ({ flow, landing, reason }) => `  except ${flow.flow}  on  ${describeLanding(landing)}\n    ${reason}`,
  );
  return `${[`${name} ${head}`, ...against, ...aside].join("\n")}\n`;
}
