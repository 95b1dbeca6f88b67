import type { CommandHelp } from "../commands/help.ts";
import { COMMANDS } from "../commands.ts";

/** What the program says of itself, in the form in which each command does. */
export const PROGRAM_HELP: CommandHelp = {
  usage: ["landfall COMMAND [OPTION…]", "landfall help [COMMAND]"],
  about: [
    "Tests the packet-filter rules that redirect a pod's traffic into its sidecar proxy: drives connections and reports where each one lands.",
    "Every command takes --json. Results go to stdout, all other messages to stderr.",
  ],
  terms: { title: "Commands", rows: Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary]) },
  options: [{ title: "Options", options: [{ name: "version", value: null, help: "prints the version" }] }],
  captureFlags: "none",
  examples: [
    ["landfall verify", "checks the rules of the seed command (Istio 1.4's standard options), in containers"],
    ["landfall map --rules rules.txt", "where flows land under rules from a file, such as output of iptables-save"],
    ["landfall diff rules.txt changed.txt", "which flows a change of rules affects"],
    ["landfall help verify", "help for one command"],
  ],
  exitCodes: {
    0: "all as expected",
    1: "some flow landed elsewhere, or a difference or counterexample was found",
    2: "bad usage or bad input; nothing was applied",
    3: "the environment cannot run it, or some flow could not be observed",
    70: "an internal error",
  },
};
