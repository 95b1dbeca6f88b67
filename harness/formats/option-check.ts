import type { Family } from "../model/address.ts";
import { findNearNames } from "../model/near-names.ts";
import { type Extension, type ExtensionKind, findExtension, isKnownName, listExtensions } from "./extensions.ts";
import { badValue, type Fault, type OptionUse, type ReadContext } from "./match-module.ts";
import { describeWantedText } from "./option-texts.ts";
import { checkTogether } from "./option-together.ts";
import { describeWanted } from "./option-values.ts";

/**
 * Extensions that need at least one of some options, `any` standing for all they have (`final_check` and `x6_fcheck` of their sources in
 * extensions/, 1.8.9).
 */
const NEEDS: Readonly<Record<string, readonly string[] | "any">> = {
  owner: "any",
  addrtype: ["--src-type", "--dst-type"],
  iprange: "any",
  conntrack: "any",
  multiport: "any",
  dscp: "any",
  ecn: "any",
  devgroup: "any",
  physdev: "any",
  bpf: "any",
  ttl: "any",
  hl: "any",
  connlimit: ["--connlimit-upto", "--connlimit-above"],
  recent: ["--set", "--rcheck", "--update", "--remove"],
  string: ["--string", "--hex-string"],
  set: ["--match-set", "--set"],
  hashlimit: ["--hashlimit-upto", "--hashlimit-above", "--hashlimit"],
  MARK: "any",
  CONNMARK: "any",
  CONNSECMARK: "any",
  DSCP: "any",
  TOS: "any",
  TTL: "any",
  HL: "any",
  TCPMSS: "any",
  ECN: "any",
  HMARK: ["--hmark-tuple"],
  SET: ["--add-set", "--del-set", "--map-set"],
};

/** What is checked of one `-m NAME` or `-j NAME`: all its options as written, under their full names. */
export interface CheckedSection {
  readonly name: string;
  readonly column: number;
  readonly written: readonly OptionUse[];
}

/**
 * Gives what iptables refuses of one extension's options: one that stands twice, that cannot be negated, that excludes another or lacks
 * one, values out of range, and options that are missing.
 */
export function checkOptions(section: CheckedSection, extension: Extension, context: ReadContext): readonly Fault[] {
  const faults = section.written.flatMap((use, i) => checkUse(use, section.written.slice(0, i), section, extension));
  const values = section.written.flatMap((use) => checkValue(use, section, extension, context));
  return [...faults, ...values, ...checkMissing(section, extension)];
}

function checkUse(
  use: OptionUse,
  before: readonly OptionUse[],
  { name }: CheckedSection,
  extension: Extension,
): readonly Fault[] {
  const facts = extension.get(use.option);
  if (!facts) return [];
  const earlier = before.map((other) => extension.get(other.option)?.same ?? other.option);
  const clash = earlier.find((other) => facts.excludes.includes(other));
  return [
    ...(earlier.includes(facts.same) && !facts.isRepeatable
      ? [faultAt(use, `${use.option} appears twice; ${name} takes it once.`)]
      : []),
    ...(clash === undefined ? [] : [faultAt(use, `${use.option} cannot be combined with ${clash}; remove one.`)]),
    ...(use.negated && !facts.inverts ? [faultAt(use, `${use.option} takes no !; remove it.`)] : []),
  ];
}

function checkValue(
  use: OptionUse,
  { name }: CheckedSection,
  extension: Extension,
  context: ReadContext,
): readonly Fault[] {
  const facts = extension.get(use.option);
  if (!facts) return [];
  const wanted =
    describeWanted(facts, use.values, context) ?? describeWantedText(name, facts.same, use.values[0] ?? "");
  return wanted === null ? [] : [badValue(use, wanted)];
}

/** Of an extension's options those that must be given, and those that need another beside them. */
interface Duties {
  readonly needed: readonly string[];
  readonly partners: readonly (readonly [option: string, other: string])[];
}

const DUTIES = new WeakMap<Extension, Duties>();

function dutiesOf(extension: Extension): Duties {
  const known = DUTIES.get(extension);
  if (known) return known;
  const own = [...extension.values()].filter(({ option, same }) => option === same);
  const duties = {
    needed: own.filter(({ isNeeded }) => isNeeded).map(({ option }) => option),
    partners: own.flatMap(({ option, requires }) => requires.map((other) => [option, other] as const)),
  };
  DUTIES.set(extension, duties);
  return duties;
}

function checkMissing({ name, column, written }: CheckedSection, extension: Extension): readonly Fault[] {
  const given = new Set(written.map(({ option }) => extension.get(option)?.same ?? option));
  const { needed, partners } = dutiesOf(extension);
  const needs = Object.hasOwn(NEEDS, name) ? NEEDS[name] : undefined;
  const choices = needs === "any" ? [...extension.keys()] : (needs ?? []);
  const lacks = choices.length > 0 && !choices.some((option) => given.has(extension.get(option)?.same ?? option));
  const together = checkTogether(name, written);
  const messages = [
    ...needed.filter((option) => !given.has(option)).map((option) => `${name} needs ${option}.`),
    ...partners
      .filter(([option, other]) => given.has(option) && !given.has(other))
      .map(([option, other]) => `${option} needs ${other} as well.`),
    ...(lacks ? [`${name} needs one of ${choices.join(", ")}.`] : []),
    ...(together === null ? [] : [together]),
  ];
  return messages.map((message): Fault => ({ kind: "fault", column, message }));
}

function faultAt({ column }: OptionUse, message: string): Fault {
  return { kind: "fault", column, message };
}

/**
 * Gives the options that somebody who wrote `text` may have meant, as the end of a message: `suggest("--dprot", ["--dport"])` is ` Did you
 * mean --dport?`. Empty where none is near.
 */
export function suggest(text: string, names: readonly string[]): string {
  const near = findNearNames(text, names);
  return near.length === 0 ? "" : ` Did you mean ${near.slice(0, 3).join(" or ")}?`;
}

/**
 * Says that a name is a slip for a match or target that exists, or belongs to the other family; null where nothing is near, and it is taken
 * for an extension from elsewhere, which is kept as text.
 */
export function describeSlip(kind: ExtensionKind, name: string, family: Family): string | null {
  if (findExtension(kind, name, family === 4 ? 6 : 4)) return `The ${kind} ${name} does not exist for IPv${family}.`;
  if (isKnownName(kind, name)) return null;
  const near = suggest(name, listExtensions(kind));
  return near === "" ? null : `There is no ${kind} ${name}.${near}`;
}
