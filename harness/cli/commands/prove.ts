import { listProperties } from "../../analysis/proof/properties.ts";
import { type LandedFlow, type PropertyResult, proveProperties } from "../../analysis/proof/prove.ts";
import { FLOW_PROTOCOLS } from "../../model/flow.ts";
import { listLanded, type ObservationOf, observeResults } from "../../run/observation/results.ts";
import { OBSERVING_SANDBOX_OPTION, observingSandbox } from "../arguments/observing-sandbox.ts";
import { lastValue, type OptionSpec } from "../arguments/options.ts";
import { renderWithin } from "../arguments/restriction.ts";
import type { Command } from "../command.ts";
import { ANALYSIS_OPTIONS, readAnalysisInput } from "../input/analysis-input.ts";
import { chooseProperties, readProperties, refuseEmpty, refuseUnspoken } from "../prove/own-properties.ts";
import { renderProofData, renderProofText } from "../prove/text.ts";
import type { CommandHelp } from "./help.ts";

const SPECS: readonly OptionSpec[] = [
  {
    name: "properties",
    value: "FILE",
    help: "properties of your own, proven beside the others: JSON, or a module (docs/properties.md)",
  },
  {
    name: "only",
    value: "NAME",
    repeatable: true,
    help: "asks this guarantee or property alone; may be repeated, or list several with commas",
  },
  {
    name: "observe",
    value: null,
    help: "drives every counterexample and every exception through a sandbox with these rules in it",
  },
  OBSERVING_SANDBOX_OPTION,
];

const HELP: CommandHelp = {
  usage: ["landfall prove [MESH OPTION…] [OPTION…]"],
  about: [
    "Proves the guarantees of a mesh's settings, or of a contract, over all TCP flows, and over all UDP flows where it demands anything of them; or gives a counterexample. Without a flag, those of the seed command. Nothing is driven unless asked for.",
    "Each guarantee says how many classes of flows it was judged by. A setting that no class was judged by is not known to hold.",
  ],
  terms: {
    title: "Guarantees",
    rows: [
      ["no-uid-loop", "the proxy's own traffic never comes back to it, and nothing it dials on goes round for ever"],
      [
        "inbound-captured",
        "what comes from outside on an included port lands on the proxy; over IPv6, where the pod has none, it is turned away",
      ],
      ["outbound-captured", "what the workload sends to an included range lands on the proxy"],
      ["exclusions-untouched", "excluded ports and ranges land where they were dialled"],
      ["loopback-untouched", "127.0.0.1 and ::1 land where they were dialled"],
    ],
  },
  options: [{ title: "Options", options: [...SPECS, ...ANALYSIS_OPTIONS] }],
  captureFlags: "listed",
  examples: [
    ["landfall prove -u 1337 -b '*' -i '*' --rules rules.txt", "what the flags demand, of rules from a file"],
    ["landfall prove --properties own.json --only no-ssh-out", "one property of your own alone"],
  ],
  exitCodes: {
    0: "all hold",
    1: "a counterexample was found",
    2: "bad input",
    3: "the budget ran out, no rules were given for a family of the pod, a property is not known to hold or no flow was judged by a setting, or the kernel could not be asked or says otherwise",
  },
};

/** `landfall prove`: the guarantees of a capture config, over all flows. */
export const prove: Command = {
  help: HELP,
  async run(args, io) {
    const { line, rules, capture, setting, notLookedAt } = readAnalysisInput(args, SPECS, io, FLOW_PROTOCOLS);
    if (line.purpose === "usage") return "help";
    const own = await readProperties(lastValue(line.options, "properties"), capture, setting.addresses, io);
    const promised = listProperties(capture.contractFor(setting.addresses));
    const asked = chooseProperties([...promised, ...own.properties], line.options.values.get("only"));
    refuseUnspoken(asked, capture, setting);
    const results = proveProperties(rules, capture, setting, asked);
    refuseEmpty(results, own);
    const observationOf = line.options.values.has("observe")
      ? await observeResults(observingSandbox(line.options, setting.addresses), results, rules, capture)
      : () => undefined;
    const isData = line.options.values.has("json");
    io.out(
      isData
        ? renderProofData(results, observationOf, setting.within)
        : renderWithin(setting.within) + renderProofText(results, observationOf, io.display),
    );
    return exitCodeOf(results, observationOf) || (notLookedAt.length > 0 ? 3 : 0);
  },
};

/**
 * A breach outranks what could not be told. Where simulator and kernel disagree one of the two is wrong, and nobody knows which: such a
 * counterexample is none that is known, and such a proof is never green.
 */
function exitCodeOf(results: readonly PropertyResult[], observationOf: ObservationOf): number {
  const isContradicted = (landed: LandedFlow) => observationOf(landed)?.verdict === "contradicted";
  const isUnjudged = results.some(({ unjudged }) => unjudged.length > 0);
  const broken = results.flatMap(({ counterexample }) => counterexample ?? []);
  if (broken.some((each) => each.landing.kind !== "could-not-look" && !isContradicted(each))) return 1;
  const isDoubtful = (landed: LandedFlow) =>
    isContradicted(landed) || observationOf(landed)?.verdict === "not-observed";
  return isUnjudged || broken.length > 0 || listLanded(results).some(isDoubtful) ? 3 : 0;
}
