import type { CommandHelp } from "../commands/help.ts";
import { COMMANDS } from "../commands.ts";

/** What the program says of itself, in the form in which each command does. */
export const PROGRAM_HELP: CommandHelp = {
  usage: ["landfall COMMAND [OPTION…]", "landfall help [COMMAND]"],
  about: [
    "Says where every flow lands under the iptables rules that steer a pod's traffic into its Envoy sidecar.",
    "Every command takes --json; data goes to stdout, everything else to stderr.",
  ],
  terms: { title: "Commands", rows: Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary]) },
  options: [{ title: "Options", options: [{ name: "version", value: null, help: "says which version this is" }] }],
  captureFlags: "none",
  examples: [
    ["landfall verify --help", "more of one command"],
    ["landfall verify", "the main job: the rules of the seed command, in containers"],
  ],
  exitCodes: {
    0: "all as expected",
    1: "some flow landed elsewhere; a difference or a counterexample was found",
    2: "bad usage or bad input; nothing was applied",
    3: "the environment cannot run it, or some flow could not be looked at",
    70: "an internal error",
  },
};
