/** One chain as the kernel has it: its policy, and its rules as text. */
export interface ChainState {
  /** `-` for a user-defined chain. */
  readonly policy: string;
  /** Rules as printed, without their `-A CHAIN`. */
  readonly bodies: readonly string[];
}

/** One table: its chains by name. */
export type TableState = ReadonlyMap<string, ChainState>;

/** One family's tables by name, as far as the kernel has any. */
export type RulesState = ReadonlyMap<string, TableState>;

/**
 * Reads what `iptables-save` prints as lines, nothing of them understood: what is not ours is only ever counted, never written again.
 */
export function parseRulesState(text: string): RulesState {
  const tables = new Map<string, Map<string, { policy: string; bodies: string[] }>>();
  let table = new Map<string, { policy: string; bodies: string[] }>();
  for (const line of joinQuoted(text.split("\n"))) {
    if (line.startsWith("*")) {
      table = new Map();
      tables.set(line.slice(1).trim(), table);
    } else if (line.startsWith(":")) {
      const [name = "", policy = "-"] = line.slice(1).split(" ");
      table.set(name, { policy, bodies: [] });
    } else if (line.startsWith("-A ")) {
      const [name = ""] = line.slice(3).split(" ", 1);
      table.get(name)?.bodies.push(line.slice(4 + name.length));
    }
  }
  return tables;
}

/** A comment may hold line breaks, printed as they are: a rule goes on until its last quote is closed. */
function joinQuoted(lines: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let open: string | null = null;
  for (const line of lines) {
    const whole: string = open === null ? line : `${open}\n${line}`;
    open = whole.startsWith("-A ") && endsInQuotes(whole) ? whole : null;
    if (open === null) joined.push(whole);
  }
  return open === null ? joined : [...joined, open];
}

function endsInQuotes(text: string): boolean {
  return text.includes('"') && (text.replace(/\\./gs, "").match(/"/g)?.length ?? 0) % 2 === 1;
}

/** Says whether anybody has put anything into these tables. */
export function isInUse(state: RulesState): boolean {
  return [...state.values()].some((table) =>
    [...table.values()].some(({ policy, bodies }) => bodies.length > 0 || policy !== "ACCEPT"),
  );
}
