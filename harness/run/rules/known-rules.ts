import { listPlacedRules, type PlacedRule } from "../../formats/rule-places.ts";
import { renderRule } from "../../formats/rule-text.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import { listNextChains, listTargets } from "../../model/rule-parts.ts";
import { type RulePlace, renderChainKey, renderPlaceKey, tablePlace } from "../../model/rule-place.ts";
import { familyKey, type PodRules, type Rule } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";

/** Says of a target whether it settles where a flow lands, whatever later rules accept. */
const SETTLES = {
  accept: false,
  drop: true,
  return: false,
  jump: false,
  goto: false,
  redirect: true,
  masquerade: false,
  notrack: true,
  track: false,
  log: false,
  tee: false,
  reject: true,
  counter: false,
  continue: false,
  unknown: false,
  statements: false,
  map: false,
  assign: false,
  "tproxy-socket": true,
  dnat: true,
  snat: false,
  tproxy: true,
  mark: false,
  "connmark-set": false,
  "connmark-save": false,
  "connmark-restore": false,
  zone: true,
  "hop-limit": false,
  "side-effect": false,
} satisfies Record<Target["kind"], boolean>;

/** What is known of the rules under test, and of those that the mesh's own tool has. */
export interface KnownRules {
  readonly rules: ReadonlyMap<string, Rule>;
  readonly own: ReadonlyMap<string, Rule>;
  /** Chains under test, `4 nat OUTPUT`, those without a rule too. */
  readonly chains: ReadonlySet<string>;
  /** Texts of the rules under test, with family and table before them. */
  readonly texts: ReadonlySet<string>;
  /** Texts of the tool's rules as either family prints them, without the name of their chain. */
  readonly ownTexts: Readonly<Record<Family, ReadonlySet<string>>>;
}

/** Learns the rules that were in, and those that a capture's own tool has. */
export function learnKnownRules(tested: PodRules, own: PodRules): KnownRules {
  const [placed, ownPlaced] = [listPlaced(tested), listPlaced(own)];
  const print = (family: Family) => new Set(ownPlaced.map(({ rule }) => printAnywhere(rule, family)));
  return {
    rules: keyByPlace(placed),
    own: keyByPlace(ownPlaced),
    chains: listChains(tested),
    texts: new Set(placed.map(({ place, rule }) => keyByText(place, renderRule(place.chain, rule, place.family)))),
    ownTexts: { 4: print(4), 6: print(6) },
  };
}

function listPlaced(rules: PodRules): readonly PlacedRule[] {
  return FAMILIES.flatMap((family) => listPlacedRules(rules[familyKey(family)]));
}

function keyByPlace(placed: readonly PlacedRule[]): ReadonlyMap<string, Rule> {
  return new Map(placed.map(({ place, rule }) => [renderPlaceKey(place), rule]));
}

function keyByText(place: RulePlace, text: string): string {
  return `${renderChainKey({ ...place, chain: "" })} ${text}`;
}

function printAnywhere(rule: Rule, family: Family): string {
  return renderRule("", rule, family);
}

function listChains(rules: PodRules): ReadonlySet<string> {
  const names = FAMILIES.flatMap((family) =>
    (rules[familyKey(family)]?.tables ?? []).flatMap((table) =>
      table.chains.map((chain) => renderChainKey({ family, ...tablePlace(table), chain: chain.name })),
    ),
  );
  return new Set(names);
}

/** Says whether a rule of the mesh stands in, or leads to, a chain that the rules under test do not have: they have names of their own. */
export function leadsAway(place: RulePlace, { own, chains }: KnownRules): boolean {
  const rule = own.get(renderPlaceKey(place));
  const names = [place.chain, ...(rule ? listNextChains(rule) : [])];
  return names.some((chain) => !chains.has(renderChainKey({ ...place, chain })));
}

/** Says whether a rule is one that the mesh has not, wherever in the chain it stands. */
export function isStranger(place: RulePlace, { rules, ownTexts }: KnownRules): boolean {
  const rule = rules.get(renderPlaceKey(place));
  return rule !== undefined && !ownTexts[place.family].has(printAnywhere(rule, place.family));
}

/** Says whether the rules under test have a rule of the mesh's, wherever it stands: then it is another rule that keeps flows from it. */
export function isThere(place: RulePlace, { texts }: KnownRules): boolean {
  return texts.has(keyByText(place, place.rule));
}

/** Says whether a rule that the mesh has not drops or rejects: nothing else needs to be known of the flows that meet it. */
export function turnsAway(place: RulePlace, known: KnownRules): boolean {
  const rule = known.rules.get(renderPlaceKey(place));
  const ends = rule !== undefined && listTargets(rule).some(({ kind }) => kind === "drop" || kind === "reject");
  return ends && isStranger(place, known);
}

/**
 * The last rule that settles where a flow lands; or else the last that the mesh has not, since rules that let packets through are met by
 * answers as well; or else the last that it met. A rule that only leads to another chain decides nothing: null where it met no others.
 */
export function findDeciding(places: readonly RulePlace[], known: KnownRules): RulePlace | null {
  const decides = places.filter((place) => !onlyLeads(place, known));
  const settled = decides.findLast((place) => settles(place, known));
  return settled ?? decides.findLast((place) => isStranger(place, known)) ?? decides.at(-1) ?? null;
}

/** Says whether a rule hands its packets to another chain, and does nothing else that could decide. */
function onlyLeads(place: RulePlace, { rules }: KnownRules): boolean {
  const rule = rules.get(renderPlaceKey(place));
  const targets = rule === undefined ? [] : listTargets(rule).filter(({ kind }) => kind !== "counter");
  return targets.length > 0 && targets.every(({ kind }) => kind === "jump" || kind === "goto");
}

/**
 * Gives the rule that takes a flow instead of the one required; null where none does. Rules of the table raw, such as those for zones of
 * connection tracking, take nothing from a rule of another table.
 */
export function findRivalRule(
  places: readonly RulePlace[],
  required: Pick<RulePlace, "table">,
  known: KnownRules,
): RulePlace | null {
  const rivals = places.filter(({ table }) => table !== "raw" || required.table === "raw");
  return findDeciding(rivals, known);
}

/** Says whether a rule settles where a flow lands, and does not only let it go on to where it was dialled. */
export function settles(place: RulePlace, { rules }: Pick<KnownRules, "rules">): boolean {
  const rule = rules.get(renderPlaceKey(place));
  return rule !== undefined && listTargets(rule).some(({ kind }) => SETTLES[kind]);
}
