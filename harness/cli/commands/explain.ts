import { quoteRule } from "../../formats/rule-text.ts";
import { listUnknownMatches } from "../../formats/told-matches.ts";
import type { Flow, Manner } from "../../model/flow.ts";
import { flowData, renderFlowText } from "../../model/flow-spec.ts";
import { type Landing, landingsAgree } from "../../model/landing.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { PodRules } from "../../model/ruleset.ts";
import type { KeptSteps } from "../../netfilter/recording.ts";
import { compilePod, type Explanation } from "../../netfilter/simulator.ts";
import { listSteps } from "../../netfilter/steps.ts";
import { renderJson } from "../../report/json.ts";
import { type Observed, observeFlow } from "../../run/observation/flow.ts";
import { type CaptureCommandLine, readCaptureCommand } from "../arguments/capture-options.ts";
import { JUDGING } from "../arguments/judging.ts";
import { CONTRACT_OPTION, MANIFEST_OPTION, STRICT_OPTION } from "../arguments/mesh-specs.ts";
import { OBSERVING_SANDBOX_OPTION, observingSandbox } from "../arguments/observing-sandbox.ts";
import type { OptionSpec } from "../arguments/options.ts";
import { placePod, tellTakenPorts } from "../arguments/pod-addresses.ts";
import { tellDefaultConfig, tellWarnings } from "../arguments/told-settings.ts";
import type { Command, CommandIo } from "../command.ts";
import { bindExplained, type ExplainInput, readExplainInput } from "../explain/input.ts";
import { foldWay, renderObserved, renderOutcome, renderRemedy, renderWay, selectPackets } from "../explain/text.ts";
import { SURROUNDINGS_OPTIONS } from "../input/given-surroundings.ts";
import { makeRulesOptions } from "../input/rules-file.ts";
import { chooseColumns } from "../output/text-columns.ts";
import type { CommandHelp } from "./help.ts";

const SPECS: readonly OptionSpec[] = [
  CONTRACT_OPTION,
  MANIFEST_OPTION,
  STRICT_OPTION,
  ...makeRulesOptions(
    "rules to trace the flow through, instead of the generated ones",
    "a flow needs rules of its own family",
  ),
  ...SURROUNDINGS_OPTIONS,
  { name: "listen", value: "PORT[,PORT]", help: "further ports on which the app listens, besides 8080 and 22" },
  {
    name: "forward",
    value: null,
    help: "also traces the connections that the stub Envoy makes next, as Envoy would",
  },
  {
    name: "all",
    value: null,
    help: "shows every packet and every rule; without it, the first packet of each connection and those that a rule stops, and of many rules in a row that do not match the first and the last few",
  },
  {
    name: "observe",
    value: null,
    help: "also drives the flow, and shows how many of its packets each rule took in the kernel, and the landing",
  },
  OBSERVING_SANDBOX_OPTION,
  { name: "json", value: null, help: "prints the result as JSON" },
];

const HELP: CommandHelp = {
  usage: ["landfall explain FLOW [MESH OPTION…] [OPTION…]"],
  about: [
    "Traces one flow rule by rule to its landing. Without mesh options it uses the rules of the seed command. It drives no traffic unless you add --observe.",
    "FLOW is 'WHO[@SOURCE] -> TARGET:PORT', in quotes; append /udp to the port for a UDP datagram. 'WHO[@SOURCE] -> TARGET/icmp' is a ping.",
  ],
  options: [{ title: "Options", options: SPECS }],
  captureFlags: "listed",
  examples: [
    ["landfall explain 'app -> upstream:80'", "what the seed command does with a connection from the app"],
    ["landfall explain 'envoy@127.0.0.6 -> pod:8080'", "the connection that Envoy makes to the app for an inbound one"],
    [
      "landfall explain --observe --rules rules.txt 'client -> pod:8080'",
      "with rules from a file, confirmed in the kernel",
    ],
  ],
  exitCodes: {
    0: "explained",
    1: "the flow landed elsewhere in the kernel",
    2: "bad input",
    3: "the landing is not known",
  },
};

/** `landfall explain`: the way of one flow, rule by rule, to its landing. */
export const explain: Command = {
  help: HELP,
  async run(args, io) {
    const line = readCaptureCommand(
      args,
      { specs: SPECS, withoutFlags: "injected", positionals: "own", ...JUDGING },
      io,
    );
    if (line.purpose === "usage") return { helpOn: line.named };
    tellDefaultConfig(line, io);
    tellWarnings(line.warnings, io);
    const input = readExplainInput(line, io);
    tellTakenPorts(line.capture, io, input.listen);
    const manner = line.options.values.has("forward") ? "forward" : "answer";
    const observed = await observe(input, line, manner, io);
    const show = line.options.values.has("all") ? "all" : "deciding";
    const isReadInPart = show === "deciding" && observed === null && !line.options.values.has("json");
    const kept = isReadInPart ? "rules to be read" : "every rule";
    const { flow, explanation } = explainFlow(input, manner, observed?.addresses ?? placePod(line.capture), kept);
    const result = { flow, manner, explanation, observed, show } as const;
    io.out(
      line.options.values.has("json")
        ? renderData(result)
        : foldWay(renderText(result, input.rules), chooseColumns(io.display)),
    );
    return judge(explanation.landing, observed?.landing ?? null);
  },
};

interface Explained {
  readonly flow: Flow;
  readonly manner: Manner;
  readonly explanation: Explanation;
  readonly observed: Observed | null;
  readonly show: "deciding" | "all";
}

async function observe(
  input: ExplainInput,
  line: CaptureCommandLine,
  manner: Manner,
  io: CommandIo,
): Promise<Observed | null> {
  if (!line.options.values.has("observe")) return null;
  const open = observingSandbox(line.options, placePod(line.capture), input.given, io);
  return observeFlow(open, input.rules, manner, (addresses) => bindExplained(input, addresses));
}

function explainFlow(input: ExplainInput, manner: Manner, addresses: SandboxAddresses, kept: KeptSteps) {
  const { flow, spec } = bindExplained(input, addresses);
  const pod = compilePod(input.rules, spec, addresses);
  return { flow, explanation: pod.explain(flow, manner, (chain, rule) => quoteRule(chain, rule, flow.family), kept) };
}

function renderText({ flow, explanation, observed, show }: Explained, { ip, ip6 }: PodRules): string {
  const way = renderWay(explanation, show, (place) => observed?.countOf(place));
  const outcome = renderOutcome(renderFlowText(flow.spec), explanation);
  const matches = [ip, ip6].flatMap(listUnknownMatches);
  const remedy = renderRemedy(explanation.unknown.filter((text) => matches.includes(text)));
  return `${way}${outcome}${remedy}${observed ? renderObserved(observed.landing) : ""}`;
}

/** `steps` are those of the packets shown, in order; `connections` tells them apart. */
function renderData({ flow, manner, explanation, observed, show }: Explained): string {
  const { landing, possible, unknown } = explanation;
  const connections = explanation.connections.map((connection) => ({
    ...connection,
    owner: { uid: connection.owner.uid, gid: connection.owner.gid },
    packets: selectPackets(connection.packets, show),
  }));
  const steps = listSteps(connections).map((step) => {
    const { packets, ...place } = observed?.countOf(step) ?? {};
    return packets === undefined ? step : { ...place, ...step, counted: packets };
  });
  const data = { flow: flowData(flow), manner, landing, steps, possible, unknown, connections };
  return renderJson(observed === null ? data : { ...data, observed: observed.landing });
}

function judge(predicted: Landing, observed: Landing | null): number {
  if (predicted.kind === "could-not-look") return 3;
  if (observed === null) return 0;
  if (observed.kind === "could-not-look") return 3;
  return landingsAgree(predicted, observed) ? 0 : 1;
}
