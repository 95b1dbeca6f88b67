import { LandfallError } from "../errors.ts";
import { finding } from "../model/finding.ts";
import type { Command, CommandIo } from "./command.ts";
import { type CommandHelp, listOptionNames } from "./help.ts";
import { type OptionSpec, parseOptions } from "./options.ts";

const OPTIONS: readonly OptionSpec[] = [
  { name: "json", value: null, help: 'as data: { "formatVersion": "1.0", "shell": "bash", "script": "…" }' },
];

const HELP: CommandHelp = {
  usage: ["landfall completion bash|zsh|fish [--json]"],
  about: ["Prints what makes the shell complete commands, options and the names of scenarios."],
  options: [{ title: "Options", options: OPTIONS }],
  captureFlags: "none",
  examples: [
    ['eval "$(landfall completion bash)"', "bash, in ~/.bashrc"],
    ['eval "$(landfall completion zsh)"', "zsh, in ~/.zshrc"],
    ["landfall completion fish | source", "fish, in config.fish"],
  ],
  exitCodes: { 0: "printed", 2: "another shell" },
};

const SCRIPTS = { bash: renderBash, zsh: renderZsh, fish: renderFish } as const;

/** Long options of every command, as their help texts list them. */
type Options = Readonly<Record<string, readonly string[]>>;

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
    findings.push(finding([shell, ...more].join(" ") || "SHELL", "Name one shell: bash, zsh or fish."));
  if (findings.length > 0) throw new LandfallError("bad-usage", "The command line cannot be used.", { findings });
  const script = SCRIPTS[shell as keyof typeof SCRIPTS](await readOptionNames(commands), commands);
  const asJson = options.ok && options.value.values.has("json");
  io.out(asJson ? `${JSON.stringify({ formatVersion: "1.0", shell, script }, null, 2)}\n` : script);
  return 0;
}

async function readOptionNames(commands: CommandList): Promise<Options> {
  const entries = Object.entries(commands).map(async ([name, { load }]) => {
    const { help } = await load();
    return [
      name,
      listOptionNames(help)
        .map((option) => `--${option}`)
        .sort(),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const LIST = "landfall verify --list 2>/dev/null | cut -d' ' -f1";

function renderBash(options: Options): string {
  const cases = Object.entries(options).map(([name, own]) => `    ${name}) words="${own.join(" ")}" ;;\n`);
  return `_landfall() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  case "\${COMP_WORDS[1]}" in
${cases.join("")}  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${Object.keys(options).join(" ")}"
  elif [ "\${COMP_WORDS[1]}" = verify ] && [ "\${current#-}" = "$current" ]; then words="$(${LIST})"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current") $([ "\${current#-}" = "$current" ] && [ "$COMP_CWORD" -gt 1 ] && compgen -f -- "$current"))
}
complete -F _landfall landfall
`;
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
  const own = Object.entries(options).flatMap(([name, names]) =>
    names.map((option) => `complete -c landfall -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}\n`),
  );
  return `${words.join("")}${own.join("")}complete -c landfall -n '__fish_seen_subcommand_from verify' -a '(${LIST})'\n`;
}
