import { FAMILIES, type Family, familyOf } from "../model/address.ts";
import type { PolicyRouting } from "../model/policy-routing.ts";
import {
  parseLoopbackAddress,
  parseRoutingRule,
  parseTableRoute,
  renderLoopbackAddress,
  renderRoutingRule,
  renderTableRoute,
} from "./routing-words.ts";

/** One line for `ip -batch` in a process of its family: `{ family: 6, words: "rule add fwmark 0x539 lookup 133" }`. */
export interface IpLine {
  readonly family: Family;
  readonly words: string;
}

/**
 * Gives the lines that add policy routing, or that remove it, rules first. A rule is removed with its priority where that is known: the
 * kernel deletes the first rule that has what is named, and it may ask more.
 *
 * @example
 * listIpLines(policyRouting, "add")   // [{ family: 4, words: "rule add fwmark 0x539 lookup 133" }]
 */
export function listIpLines({ rules, routes, addresses }: PolicyRouting, verb: "add" | "del"): readonly IpLine[] {
  const onLo = addresses.map((one) => ({
    ...{ family: familyOf(one.address), words: `addr ${verb} ${renderLoopbackAddress(one)}` },
  }));
  const others = [
    ...rules.map((rule) => ({ family: rule.family, words: `rule ${verb} ${renderRoutingRule(rule)}` })),
    ...routes.map((route) => ({ family: route.family, words: `route ${verb} ${renderTableRoute(route)}` })),
  ];
  return verb === "add" ? [...onLo, ...others] : [...others, ...onLo];
}

/**
 * Gives lines as input of `ip -batch`, a text for each family that has some, IPv4 first.
 *
 * @example
 * renderIpBatches(listIpLines(policyRouting, "add"))   // [{ family: 4, text: "rule add fwmark 0x539 lookup 133\n" }]
 */
export function renderIpBatches(
  lines: readonly IpLine[],
): readonly { readonly family: Family; readonly text: string }[] {
  return FAMILIES.flatMap((family) => {
    const own = lines.filter((line) => line.family === family);
    return own.length === 0 ? [] : [{ family, text: own.map(({ words }) => `${words}\n`).join("") }];
  });
}

/** Gives a line as a command for a shell: `ip -6 rule add fwmark 0x539 lookup 133`. */
export function renderIpCommand({ family, words }: IpLine): string {
  return `ip ${family === 6 ? "-6 " : ""}${words}`;
}

/** Gives the commands that add policy routing; the inverse of {@link parseIpCommands}. */
export function renderIpCommands(routing: PolicyRouting): readonly string[] {
  return listIpLines(routing, "add").map(renderIpCommand);
}

/**
 * Reads commands that add policy routing, one a line: `ip [-4|-6] rule|route|addr add …`. All other lines come back in `others`; a rule or
 * route that is not understood is kept as text.
 *
 * @example
 * parseIpCommands(["ip -4 rule add fwmark 0x539 lookup 133", "echo x"])
 * // { routing: { rules: [{ kind: "lookup", family: 4, fwmark: { value: 1337, mask: 4294967295 }, table: 133, … }], routes: [],
 * //   addresses: [] }, others: ["echo x"] }
 */
export function parseIpCommands(lines: readonly string[]): {
  readonly routing: PolicyRouting;
  readonly others: readonly string[];
} {
  const rules: PolicyRouting["rules"][number][] = [];
  const routes: PolicyRouting["routes"][number][] = [];
  const addresses: PolicyRouting["addresses"][number][] = [];
  const others: string[] = [];
  for (const line of lines) {
    const [, option, object, text = ""] = COMMAND.exec(line) ?? [];
    const family = option === "-6" ? 6 : 4;
    const address = object === undefined ? null : parseLoopbackAddress(text);
    if (object === "rule") rules.push(parseRoutingRule(text, family));
    else if (object === "route") routes.push(parseTableRoute(text, family));
    else if (address === null) others.push(line);
    else addresses.push(address);
  }
  return { routing: { rules, routes, addresses }, others };
}

const COMMAND = /^\s*ip\s+(?:(-4|-6)\s+)?(rule|route|addr)\s+add\s+(.+?)\s*$/;
