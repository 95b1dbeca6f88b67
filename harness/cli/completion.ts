import { LandfallError } from "../errors.ts";
import { finding } from "../model/finding.ts";
import type { Command, CommandIo } from "./command.ts";
import { parseOptions } from "./options.ts";

const HELP = `Usage: landfall completion bash|zsh|fish [--json]

Prints what makes the shell complete commands, options and the names of scenarios.

  bash: eval "$(landfall completion bash)"      zsh: eval "$(landfall completion zsh)"
  fish: landfall completion fish | source

  --json   as data: { "formatVersion": "1.0", "shell": "bash", "script": "…" }

Exit codes: 0 printed · 2 another shell
`;

const SCRIPTS = { bash: renderBash, zsh: renderZsh, fish: renderFish } as const;

/** Long options of every command, as their help texts name them. */
type Options = Readonly<Record<string, readonly string[]>>;

/** Every command, as the list of commands has them. */
export type CommandList = Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Pick<Command, "help">> }>
>;

/** Gives `landfall completion`: shell completion for these commands, made from their own help texts. */
export function makeCompletion(commands: CommandList): Command {
  return { ...completion, run: (args, io) => printCompletion(commands, args, io) };
}

const completion = {
  name: "completion",
  summary: "prints shell completion",
  help: HELP,
};

async function printCompletion(commands: CommandList, args: readonly string[], io: CommandIo): Promise<number> {
  const options = parseOptions(args, [{ name: "json", value: null }]);
  const findings = options.ok ? [] : [...options.findings];
  const [shell = "", ...more] = options.ok ? options.value.positionals : [];
  if (!(shell in SCRIPTS) || more.length > 0)
    findings.push(finding([shell, ...more].join(" "), "Name one shell: bash, zsh or fish."));
  if (findings.length > 0) throw new LandfallError("bad-usage", "The command line cannot be used.", { findings });
  const script = SCRIPTS[shell as keyof typeof SCRIPTS](await readOptionNames(commands), commands);
  const asJson = options.ok && options.value.values.has("json");
  io.out(asJson ? `${JSON.stringify({ formatVersion: "1.0", shell, script }, null, 2)}\n` : script);
  return 0;
}

async function readOptionNames(commands: CommandList): Promise<Options> {
  const entries = Object.entries(commands).map(async ([name, { load }]) => {
    const { help } = await load();
    // Lines that name options begin with two blanks and a dash; what they say of them stands behind a wider gap.
    const named = help.match(/^ {2}-.*$/gm)?.map((line) => line.trim().split(/ {2,}/)[0] ?? "") ?? [];
    return [
      name,
      [...new Set([...named.flatMap((part) => part.match(/--[a-z][a-z0-9-]*/g) ?? []), "--help"])].sort(),
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
