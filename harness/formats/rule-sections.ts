import type { Family } from "../model/address.ts";
import { BASE_OPTIONS } from "./base-matches.ts";
import type { OptionUse } from "./match-module.ts";
import { suggest } from "./option-check.ts";
import {
  findOwner,
  hasExactOption,
  makeSection,
  type OptionOwner,
  openImpliedSection,
  peekImpliedSection,
  type RuleSections,
  type Section,
} from "./option-owner.ts";
import type { Word } from "./words.ts";

const OPENERS: Readonly<Record<string, Section["kind"]>> = {
  "-m": "match",
  "--match": "match",
  "-j": "jump",
  "--jump": "jump",
  "-g": "goto",
  "--goto": "goto",
};
/** Short for a base option, and an option of its own in modules such as policy. */
const SHARED_NAMES = ["--proto", "--src", "--dst"];

/**
 * Sorts a rule's words: the options that need no `-m`, one section for each `-m`, and the target's. An option belongs to the section
 * before it; else to the module its `-p` loads; an option nobody knows stays as text with the section it stands in.
 */
export function sortWords(words: readonly Word[], family: Family): RuleSections {
  const sections: RuleSections = { family, base: [], matches: [], target: null, counters: null, faults: [] };
  let current: Section | null = null;
  let rest = words;
  while (rest.length > 0) {
    const negated = rest[0]?.text === "!" && !rest[0].quoted;
    const opened = openWord(negated ? rest.slice(1) : rest);
    const [head] = opened;
    const tail = opened.slice(1);
    if (!head) return withFault(sections, rest[0], 'There is nothing after "!"; write the option that it negates.');
    const step = takeOption(sections, current, { head, tail, negated });
    current = step.current;
    rest = tail.slice(step.taken);
  }
  return sections;
}

/** Takes a joined value off its option: `--dport=80`. Short options take none, whatever getopt says: iptables reads the whole word. */
function openWord(words: readonly Word[]): readonly Word[] {
  const [head] = words;
  const joined = head && !head.quoted && head.text.includes("=") ? /^(--[\w-]+)=(.*)$/s.exec(head.text) : null;
  if (!head || !joined) return words;
  const [, name = "", value = ""] = joined;
  const option = { ...head, text: name, raw: name };
  return [option, { ...head, text: value, raw: value, quoted: true }, ...words.slice(1)];
}

/** An option as it stands in a rule: its word, those behind it, and whether `!` stands before it. */
interface WrittenOption {
  readonly head: Word;
  readonly tail: readonly Word[];
  readonly negated: boolean;
}

/** Where reading goes on: the section that is open now, and how many words behind the option are taken. */
interface Step {
  readonly current: Section | null;
  readonly taken: number;
}

function takeOption(all: RuleSections, current: Section | null, option: WrittenOption): Step {
  const { head } = option;
  const opener = head.quoted || !head.text.startsWith("-") ? undefined : OPENERS[head.text];
  if (opener) return openSection(all, opener, option);
  const isOpaque = current?.reading === "opaque" && current.extension === null;
  const keeps = (isOpaque && SHARED_NAMES.includes(head.text)) || hasExactOption(current, head.text);
  if (!head.quoted && Object.hasOwn(BASE_OPTIONS, head.text) && !keeps) return takeBaseOption(all, current, option);
  if (head.text === "-c" || head.text === "--set-counters") return takeCounters(all, current, option);
  return takeSectionOption(all, current, option);
}

function takeBaseOption(all: RuleSections, current: Section | null, option: WrittenOption): Step {
  const { text } = option.head;
  if (all.base.some((other) => BASE_OPTIONS[other.option] === BASE_OPTIONS[text]))
    withFault(
      all,
      option.head,
      `${text} appears twice; a rule takes one, with all values of a list separated by commas.`,
    );
  const taken = BASE_OPTIONS[text] === "-f" ? 0 : 1;
  addUse(all, all.base, option, text, taken);
  return { current, taken };
}

function openSection(all: RuleSections, kind: Section["kind"], { head, tail, negated }: WrittenOption): Step {
  const name = tail[0];
  if (!name || negated) {
    withFault(all, head, negated ? `"!" cannot precede ${head.text}.` : `${head.text} needs a name after it.`);
    return { current: null, taken: name ? 1 : 0 };
  }
  const short = { match: "-m", jump: "-j", goto: "-g" }[kind];
  const section = makeSection(all, { kind, name: name.text, column: name.column, raw: [short, name.raw] });
  if (kind === "match") all.matches.push(section);
  else if (all.target) withFault(all, head, "A rule has one target; remove the second one.");
  else all.target = section;
  return { current: section, taken: 1 };
}

function takeCounters(all: RuleSections, current: Section | null, { head, tail }: WrittenOption): Step {
  const [packets, bytes] = [Number(tail[0]?.text), Number(tail[1]?.text)];
  if (Number.isInteger(packets) && Number.isInteger(bytes)) all.counters = { packets, bytes };
  else withFault(all, head, `${head.text} takes two numbers: packets and bytes.`);
  return { current, taken: 2 };
}

function takeSectionOption(all: RuleSections, current: Section | null, option: WrittenOption): Step {
  const { head, tail } = option;
  const isOption = head.text.startsWith("-") && !head.quoted;
  const owner = isOption ? findOwner(all, current, head.text) : null;
  if (owner) return takeOwned(all, owner, option);
  const host = current ?? (isOption ? openImpliedSection(all, head) : null);
  const isKnown = host !== null && (host.extension !== null || !isOption) && host.reading === "understood";
  if (!host || isKnown || host.extension) {
    withFault(all, head, strayMessage(head, isOption ? (host ?? peekImpliedSection(all)) : null, isOption));
    return { current, taken: isOption ? countValues(tail) : 0 };
  }
  host.reading = "opaque";
  keepRaw(host, option, 0);
  return { current: host, taken: 0 };
}

/** An option that exists and that its module does not read makes the section a text. */
function takeOwned(all: RuleSections, { section, option, words, isRead }: OptionOwner, written: WrittenOption): Step {
  const use = addUse(all, section.uses, written, option, words);
  if (use) section.written.push(use);
  if (!isRead) section.reading = "opaque";
  keepRaw(section, written, words);
  return { current: section, taken: words };
}

/** Keeps an option as it was written, with the words that it takes. */
function keepRaw(section: Section, { head, tail, negated }: WrittenOption, taken: number): void {
  section.raw.push(...(negated ? ["!"] : []), ...[head, ...tail.slice(0, taken)].map(({ raw }) => raw));
}

/** What stands behind an option that nobody knows, up to the next one, is taken for its values. */
function countValues(tail: readonly Word[]): number {
  const next = tail.findIndex((word) => word.text === "!" || word.text.startsWith("-"));
  return next < 0 ? tail.length : next;
}

function strayMessage(word: Word, host: Section | null, isOption: boolean): string {
  if (!isOption)
    return `"${word.text}" belongs to no option; remove it, or quote it together with the value before it.`;
  if (!host) return `${word.text} belongs to no module; write -m MODULE before it.`;
  const names = [...(host.extension?.keys() ?? [])];
  const has = names.length > 0 ? `; it has ${names.slice(0, 12).join(", ")}` : " and takes none";
  const near = suggest(word.text, names);
  return `${host.name} has no option ${word.text}${near === "" ? `${has}.` : `.${near}`}`;
}

/** Adds an option with its values; null where they are missing, which is told. */
function addUse(
  all: RuleSections,
  uses: OptionUse[],
  written: WrittenOption,
  option: string,
  count: number,
): OptionUse | null {
  const { head, tail, negated } = written;
  const values = tail.slice(0, count).map((word) => word.text);
  const needs = count === 1 ? "a value" : `${count} values`;
  if (values.length < count) {
    withFault(all, head, `${head.text} needs ${needs} behind it.`);
    return null;
  }
  const use = { option, negated, values, column: head.column };
  uses.push(use);
  return use;
}

function withFault(all: RuleSections, word: Word | undefined, message: string): RuleSections {
  all.faults.push({ kind: "fault", column: word?.column ?? 1, message });
  return all;
}
