import { basename, extname } from "node:path";
import { MESHES } from "../../meshes/meshes.ts";
import { codedFinding } from "../../model/finding.ts";
import { quoteForShell } from "../../model/shell-words.ts";
import { renderJson } from "../../report/json.ts";
import { listScenarioFiles } from "../../run/scenario/scenario-files.ts";
import { type OptionSpec, parseOptions } from "../arguments/options.ts";
import type { Command, CommandIo } from "../command.ts";
import { BASH_LISTS, FISH_LISTS } from "../output/shell-lists.ts";
import { refuseUsage } from "../refusal.ts";
import { SCENARIO_FOLDER } from "../verify/scenarios.ts";
import { type CommandHelp, type ListedOption, listOptions } from "./help.ts";

const OPTIONS: readonly OptionSpec[] = [
  { name: "json", value: null, help: 'prints JSON: { "formatVersion": "1.0", "shell": "bash", "script": "…" }' },
];

const HELP: CommandHelp = {
  usage: ["landfall completion bash|zsh|fish [--json]"],
  about: [
    "Prints a script that makes the shell complete commands, options, their values, scenario names, running containers and network namespaces.",
  ],
  options: [{ title: "Options", options: OPTIONS }],
  captureFlags: "none",
  words: ["bash", "zsh", "fish"],
  examples: [
    ['eval "$(landfall completion bash)"', "for bash, in ~/.bashrc"],
    ['eval "$(landfall completion zsh)"', "for zsh, in ~/.zshrc"],
    ["landfall completion fish | source", "for fish, in config.fish"],
  ],
  exitCodes: { 0: "printed", 2: "not one of these shells" },
};

const SCRIPTS = { bash: renderBash, zsh: renderZsh, fish: renderFish } as const;

/** What a shell has to know of every command, as their help texts say it. */
type Options = Readonly<
  Record<
    string,
    { readonly options: readonly ListedOption[]; readonly words: NonNullable<CommandHelp["words"]> | "files" }
  >
>;

/** Every command, as the list of commands has them. */
export type CommandList = Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Pick<Command, "help">> }>
>;

/** Gives `landfall completion`: shell completion for these commands, made from what their help texts list. */
export function makeCompletion(commands: CommandList): Command {
  return { help: HELP, run: (args, io) => printCompletion(commands, args, io) };
}

async function printCompletion(commands: CommandList, args: readonly string[], io: CommandIo): Promise<number> {
  const options = parseOptions(args, OPTIONS);
  const findings = options.ok ? [] : [...options.findings];
  const [shell = "", ...more] = options.ok ? options.value.positionals : [];
  if (!Object.hasOwn(SCRIPTS, shell) || more.length > 0)
    findings.push(
      codedFinding("missing-value", [shell, ...more].join(" ") || "SHELL", "Name one shell: bash, zsh or fish."),
    );
  if (findings.length > 0) throw refuseUsage(findings);
  const script = SCRIPTS[shell as keyof typeof SCRIPTS](await readOptions(commands), commands);
  const asJson = options.ok && options.value.values.has("json");
  io.out(asJson ? renderJson({ shell, script }) : script);
  return 0;
}

async function readOptions(commands: CommandList): Promise<Options> {
  const entries = Object.entries(commands).map(async ([name, { load }]) => {
    const { help } = await load();
    const options = listOptions(help, MESHES).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return [name, { options, words: help.words ?? "files" }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The names of the scenarios that come with landfall. They stand in the script: `landfall` need not be in the path. */
function renderScenarioNames(): string {
  return listScenarioFiles(SCENARIO_FOLDER)
    .map((file) => basename(file, extname(file)))
    .join(" ");
}

/**
 * What can stand behind an option: nothing of its own for a switch, words where the list is closed, a file, a file or what is there now, or
 * what nobody can guess.
 */
function kindOfValue({ value, choices, offers }: ListedOption): "switch" | "words" | "file" | "listed" | "other" {
  if (value === null) return "switch";
  if (choices) return "words";
  if (offers) return "listed";
  return value === "FILE" || value === "FOLDER" || value === "PATH" ? "file" : "other";
}

function renderBash(options: Options): string {
  const others = { scenarios: ` others="${renderScenarioNames()}"`, containers: " list=containers", files: "" };
  const offer = (words: Options[string]["words"]) =>
    typeof words === "string" ? others[words] : ` others="${words.join(" ")}" closed=yes`;
  const cases = Object.entries(options).map(([name, { options: own, words }]) => {
    const names = own.map((option) => `--${option.name}`).join(" ");
    return `    ${name}) words="${names}"${offer(words)} ;;\n`;
  });
  const values = Object.entries(options).flatMap(([command, { options: own }]) =>
    own
      .filter((option) => kindOfValue(option) !== "switch")
      .map((option) => `    ${renderBashPlaces(command, option)}) ${renderBashValue(option)} ;;\n`),
  );
  return `${BASH_LISTS}_landfall() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="" others="" files="" list="" closed=""
  case "\${COMP_WORDS[1]}" in
${cases.join("")}  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${Object.keys(options).join(" ")}" list=""
  elif [ "\${current#-}" != "$current" ]; then list=""
  elif [ -n "$list" ]; then words=""
  else
    [ -n "$closed" ] || files=yes
    if [ -n "$others" ]; then words="$others"; fi
  fi
  if [ "$COMP_CWORD" -gt 2 ]; then case "\${COMP_WORDS[1]} \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("")}  esac; fi
  if [ -n "$list" ]; then words="$("_landfall_$list")"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current") $([ -n "$files" ] && compgen -f -- "$current"))
}
complete -F _landfall landfall
`;
}

/** Where the value of an option is typed: behind its name, or its letter. */
function renderBashPlaces(command: string, { name, short }: ListedOption): string {
  const names = [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
  return names.map((each) => `"${command} ${each}"`).join("|");
}

/** A value is offered as it has to be typed: `'*'`, which the shell would otherwise take for the files of the folder. */
function quoteChoices({ choices = [] }: ListedOption): string {
  return choices.map(quoteForShell).join(" ");
}

function renderBashValue(option: ListedOption): string {
  const kind = kindOfValue(option);
  const words = kind === "words" ? quoteChoices(option).replaceAll("'", "\\\\'") : "";
  const files = kind === "file" || kind === "listed" ? "yes" : "";
  return `words="${words}" files=${files} list=${option.offers ?? ""}`;
}

/** zsh runs bash's own completion. */
function renderZsh(options: Options): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${renderBash(options)}`;
}

function renderFish(options: Options, commands: CommandList): string {
  const words = Object.entries(commands).map(
    ([name, { summary }]) =>
      `complete -c landfall -n __fish_use_subcommand -f -a ${name} -d '${summary.replaceAll("'", "\\'")}'\n`,
  );
  const own = Object.entries(options).flatMap(([name, { options: listed }]) =>
    listed.map(
      (option) =>
        `complete -c landfall -n '__fish_seen_subcommand_from ${name}' -l ${option.name}${option.short === undefined ? "" : ` -s ${option.short}`}${renderFishValue(option)}\n`,
    ),
  );
  const offered = {
    scenarios: ` -a '${renderScenarioNames()}'`,
    containers: " -f -a '(__landfall_containers)'",
    files: null,
  };
  const others = Object.entries(options).flatMap(([name, { words: kind }]) => {
    const offer = typeof kind === "string" ? offered[kind] : ` -f -a '${kind.join(" ")}'`;
    return offer === null ? [] : `complete -c landfall -n '__fish_seen_subcommand_from ${name}'${offer}\n`;
  });
  return [FISH_LISTS, ...words, ...own, ...others].join("");
}

function renderFishValue(option: ListedOption): string {
  const ways = {
    ...{ switch: "", words: ` -x -a "${quoteChoices(option)}"`, file: " -r -F", other: " -x" },
    listed: ` -r -F -a '(__landfall_${option.offers})'`,
  };
  return ways[kindOfValue(option)];
}
