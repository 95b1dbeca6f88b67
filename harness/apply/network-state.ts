import { networkInterfaces } from "node:os";
import { LandfallError } from "../errors.ts";
import { type IpLine, renderIpBatches } from "../formats/ip-commands.ts";
import { type Family, familyOf } from "../model/address.ts";
import { deliverAll, type LookupRule, lookUpMarked, type PolicyRouting, WHOLE_MARK } from "../model/policy-routing.ts";
import { type Look, lookNow, type Question } from "./look.ts";
import { runCommand } from "./process.ts";

/** What the namespace has beside rules, as far as the generator has to do with it. */
export interface NetworkState {
  /** `addresses-alone` without `ip`: policy routing is then not known, and none is listed. */
  readonly extent: "whole" | "addresses-alone";
  /** Addresses of interfaces that are neither loopback nor link-local. */
  readonly podIps: readonly string[];
  /** Interfaces but lo, each as `INDEX NAME MAC`: they tell one life of a namespace from the next. */
  readonly links: readonly string[];
  /**
   * Of both families: rules with a mark, under a mask or not, and no other condition, as many as there are, each with its priority; routes
   * of type local with destination default; addresses on lo but the loopback's.
   */
  readonly routing: PolicyRouting;
}

interface Link {
  readonly ifindex: number;
  readonly ifname: string;
  readonly address?: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen?: number }[];
}
interface RouteRule {
  readonly priority: number;
  readonly src?: string;
  readonly fwmark?: string;
  readonly fwmask?: string;
  readonly table?: string;
}
interface Route {
  readonly dst: string;
  readonly dev?: string;
  readonly table?: string;
  readonly metric?: number | undefined;
  readonly prefsrc?: string | undefined;
  /** IPv6 routes alone have it: `medium` unless something else was asked. */
  readonly pref?: string | undefined;
}

/** 169.254.0.0/16 and fe80::/10, as the kernel writes addresses. */
const LINK_LOCAL = /^(169\.254\.|fe[89ab][0-9a-f]:)/;
/** What a rule without any condition but its mark prints: one from an address, for a device, to suppress routes prints more. */
const PLAIN_RULE_KEYS: readonly string[] = ["priority", "src", "fwmark", "fwmask", "table", "protocol"];
const BATCH = ["-j", "-N", "-force", "-batch", "-"];
const QUESTIONS: Readonly<Record<Family, Question>> = {
  // The first process is asked for the addresses of both families.
  4: { command: "ip", args: BATCH, input: "addr show\nrule show\nroute show table all type local\n" },
  6: { command: "ip", args: ["-6", ...BATCH], input: "rule show\nroute show table all type local\n" },
};

/** What {@link readNetworkState} asks, one family after the other. */
export const NETWORK_QUESTIONS: readonly Question[] = [QUESTIONS[4], QUESTIONS[6]];

/**
 * Reads addresses, rules and routes of the namespace by one run of `ip` (iproute2) for each family. Without it (busybox's knows no JSON)
 * only addresses are known, and only those of interfaces that are up: enough for a pod that needs no policy routing. Throws `environment`
 * where it is ended. A kernel without IPv6 has no rules of it.
 */
export function readNetworkState(look: Look = lookNow): NetworkState {
  const { status, answers, stderr } = ask(look, 4);
  const [links, rules, routes] = answers;
  if (status !== "killed" && links === undefined) return readWithoutIp();
  const six = ask(look, 6);
  if (links === undefined || rules === undefined || routes === undefined || six.status === "killed") {
    throw new LandfallError("environment", `ip cannot list addresses, rules and routes: ${stderr.trim()}.`);
  }
  const [rules6 = [], routes6 = []] = six.answers as [RouteRule[]?, Route[]?];
  return describe(links as Link[], [
    { family: 4, rules: rules as RouteRule[], routes: routes as Route[] },
    { family: 6, rules: rules6, routes: routes6 },
  ]);
}

function ask(look: Look, family: Family) {
  const { status, stdout, stderr } = look(QUESTIONS[family]);
  const lines = stdout.split("\n").filter((line) => line.startsWith("["));
  return { status, stderr, answers: lines.map((line): readonly unknown[] => JSON.parse(line)) };
}

/** Carries out lines of `ip -batch`, all or up to the first that fails; throws `environment` with `ip`'s own words. */
export function changeNetwork(lines: readonly IpLine[]): void {
  for (const { family, text } of renderIpBatches(lines)) {
    const { status, stderr } = runCommand("ip", [`-${family}`, "-batch", "-"], text);
    if (status === 0) continue;
    const message = `Policy routing cannot be changed (${lines.map(({ words }) => words).join("; ")}): ${stderr.trim()}`;
    throw new LandfallError(
      "environment",
      `${message}. It needs iproute2 and the capability NET_ADMIN, and lo must be up.`,
    );
  }
}

interface FamilyAnswers {
  readonly family: Family;
  readonly rules: readonly RouteRule[];
  readonly routes: readonly Route[];
}

function describe(links: readonly Link[], families: readonly FamilyAnswers[]): NetworkState {
  const isLoopback = (link: Link) => link.flags.includes("LOOPBACK");
  const addresses = links.filter((link) => !isLoopback(link)).flatMap((link) => link.addr_info);
  return {
    extent: "whole",
    podIps: addresses.flatMap(({ local }) => (local !== undefined && !LINK_LOCAL.test(local) ? [local] : [])),
    links: links
      .filter((link) => !isLoopback(link))
      .map((link) => `${link.ifindex} ${link.ifname} ${link.address ?? ""}`),
    routing: {
      rules: families.flatMap(({ family, rules }) =>
        rules.filter(isPlainRule).map((rule) => describeRule(rule, family)),
      ),
      routes: families.flatMap(({ family, routes }) =>
        routes.filter((route) => isPlainRoute(route, family)).map(({ table }) => deliverAll(family, Number(table))),
      ),
      addresses: links
        .filter(isLoopback)
        .flatMap((link) => link.addr_info)
        .flatMap(({ local, prefixlen }) => (local === undefined ? [] : foreignToLoopback(local, prefixlen))),
    },
  };
}

function isPlainRule(rule: RouteRule): boolean {
  return (
    rule.fwmark !== undefined && rule.src === "all" && Object.keys(rule).every((key) => PLAIN_RULE_KEYS.includes(key))
  );
}

function describeRule({ fwmark, fwmask, table, priority }: RouteRule, family: Family): LookupRule {
  const mark = { value: Number(fwmark), mask: fwmask === undefined ? WHOLE_MARK : Number(fwmask) };
  return { ...lookUpMarked(family, mark, Number(table)), priority };
}

/** What a route prints beside its type, network, device and table where nothing more was asked of it. */
const PLAIN_ROUTE: Readonly<Record<Family, Pick<Route, "pref" | "metric" | "prefsrc">>> = {
  4: { pref: undefined, metric: undefined, prefsrc: undefined },
  6: { pref: "medium", metric: 1024, prefsrc: undefined },
};

function isPlainRoute({ dst, dev, pref, metric, prefsrc }: Route, family: Family): boolean {
  const plain = PLAIN_ROUTE[family];
  return (
    dst === "default" && dev === "lo" && pref === plain.pref && metric === plain.metric && prefsrc === plain.prefsrc
  );
}

/** What lo has beside its own addresses. */
function foreignToLoopback(address: string, length: number | undefined): PolicyRouting["addresses"] {
  return familyOf(address) === 6 && address !== "::1" ? [{ address, prefixLength: length ?? 128 }] : [];
}

function readWithoutIp(): NetworkState {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const podIps = addresses.filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address));
  const onLoopback = addresses
    .filter(({ internal }) => internal)
    .flatMap(({ address, cidr }) => foreignToLoopback(address, Number(cidr?.split("/")[1])));
  return {
    extent: "addresses-alone",
    podIps: podIps.map(({ address }) => address),
    links: [],
    routing: { rules: [], routes: [], addresses: onLoopback },
  };
}
