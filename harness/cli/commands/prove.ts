import { listProperties } from "../../analysis/proof/properties.ts";
import { type LandedFlow, type PropertyResult, proveProperties } from "../../analysis/proof/prove.ts";
import { FLOW_PROTOCOLS, type Flow, type Manner } from "../../model/flow.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import { placeInFile, type RulePlace } from "../../model/rule-place.ts";
import { describeRequired } from "../../report/required-by-phrase.ts";
import { listLanded, type ObservationOf, observeResults } from "../../run/observation/results.ts";

import { STRICT_OPTION } from "../arguments/mesh-specs.ts";
import { OBSERVING_SANDBOX_OPTION, observingSandbox } from "../arguments/observing-sandbox.ts";
import { lastValue, type OptionSpec } from "../arguments/options.ts";
import { renderWithin } from "../arguments/restriction.ts";
import type { Command } from "../command.ts";
import { ANALYSIS_OPTIONS, readAnalysisInput } from "../input/analysis-input.ts";
import { writeExplain } from "../output/explain-command.ts";
import { chooseProperties, readProperties, refuseEmpty, refuseUnspoken } from "../prove/own-properties.ts";
import { renderProofData, renderProofText } from "../prove/text.ts";
import { describeRequiredBy } from "../verify/required-by.ts";
import type { CommandHelp } from "./help.ts";

const SPECS: readonly OptionSpec[] = [
  {
    name: "properties",
    value: "FILE",
    help: "a JSON file or module with your own properties, proven in addition to the guarantees (docs/properties.md)",
  },
  {
    name: "only",
    value: "NAME",
    repeatable: true,
    help: "proves only this guarantee or property; separate several with commas",
  },
  {
    name: "observe",
    value: null,
    help: "drives every counterexample and every exception in a sandbox with these rules",
  },
  OBSERVING_SANDBOX_OPTION,
  STRICT_OPTION,
];

const HELP: CommandHelp = {
  usage: ["landfall prove [MESH OPTION…] [OPTION…]"],
  about: [
    "Proves that the rules keep these guarantees, over all TCP flows, and over all UDP flows and pings if the mesh, the contract or a property is about them; or prints a counterexample. Without mesh options it uses the seed command. It drives no traffic unless you add --observe.",
    "For each guarantee it prints how many classes of flows were checked. If a guarantee depends on a setting for which there was no class to check, it is reported as not known to hold. The guarantees below are those of istio-1.4; every other mesh and every contract has its own.",
  ],
  terms: {
    title: "Guarantees",
    rows: [
      ["no-uid-loop", "the proxy's own traffic never returns to the proxy, and no connection loops"],
      [
        "inbound-captured",
        "inbound traffic to included ports lands on the proxy; IPv6 is rejected if the pod has no IPv6 rules",
      ],
      ["outbound-captured", "traffic from the workload to included ranges lands on the proxy"],
      ["exclusions-untouched", "traffic to excluded ports and ranges lands where it was dialled"],
      ["loopback-untouched", "traffic to 127.0.0.1 and ::1 lands where it was dialled"],
    ],
  },
  options: [{ title: "Options", options: [...SPECS, ...ANALYSIS_OPTIONS] }],
  captureFlags: "listed",
  examples: [
    [
      "landfall prove -u 1337 -b '*' -i '*' --rules rules.txt",
      "whether rules from a file do what these options require",
    ],
    ["landfall prove --properties own.json --only no-ssh-out", "proves one of your own properties only"],
  ],
  exitCodes: {
    0: "every guarantee holds",
    1: "a counterexample was found",
    2: "bad input",
    3: "unknown: the budget ran out, no rules were given for a family of the pod, a property is not known to hold, no flow checks a setting, or the kernel could not be asked or disagrees",
  },
};

/** `landfall prove`: the guarantees of a capture config, over all flows. */
export const prove: Command = {
  help: HELP,
  async run(args, io) {
    const { line, rules, capture, setting, notLookedAt, given } = readAnalysisInput(args, SPECS, io, FLOW_PROTOCOLS);
    if (line.purpose === "usage") return { helpOn: line.named };
    const own = await readProperties(lastValue(line.options, "properties"), capture, setting.addresses, io);
    const promised = listProperties(capture.contractFor(setting.addresses));
    const asked = chooseProperties([...promised, ...own.properties], line.options.values.get("only"));
    refuseUnspoken(asked, capture, setting);
    const results = proveProperties(rules, capture, setting, asked);
    refuseEmpty(results, own);
    const observationOf = line.options.values.has("observe")
      ? await observeResults(observingSandbox(line.options, setting.addresses, given, io), results, rules, capture)
      : () => undefined;
    const isData = line.options.values.has("json");
    const look = {
      shape: capture.shape,
      explain: (flow: Flow, manner: Manner) => writeExplain(renderFlowText(flow.spec), manner, line),
      inFile: (place: RulePlace) => placeInFile(place, rules),
      // Rules that settings have made are judged by the same settings.
      requiredBy: given.length > 0 ? describeRequired({ requiredBy: describeRequiredBy(line, null) }) : null,
    };
    io.out(
      isData
        ? renderProofData(results, observationOf, setting.within)
        : renderWithin(setting.within) + renderProofText(results, observationOf, { ...io, ...look }),
    );
    return exitCodeOfProof(results, observationOf) || (notLookedAt.length > 0 ? 3 : 0);
  },
};

/**
 * Gives the exit code of a proof: 1 for a known counterexample, which outranks what could not be told (3). Where simulator and kernel
 * disagree one of the two is wrong, and nobody knows which: such a counterexample does not count as known, and such a proof is never 0.
 */
export function exitCodeOfProof(results: readonly PropertyResult[], observationOf: ObservationOf): number {
  const isContradicted = (landed: LandedFlow) => observationOf(landed)?.verdict === "contradicted";
  const isUnjudged = results.some(({ unjudged }) => unjudged.length > 0);
  const broken = results.flatMap(({ counterexample }) => counterexample ?? []);
  if (broken.some((each) => each.landing.kind !== "could-not-look" && !isContradicted(each))) return 1;
  const isDoubtful = (landed: LandedFlow) =>
    isContradicted(landed) || observationOf(landed)?.verdict === "not-observed";
  return isUnjudged || broken.length > 0 || listLanded(results).some(isDoubtful) ? 3 : 0;
}
