import { networkInterfaces } from "node:os";
import { LandfallError } from "../errors.ts";
import { familyOf } from "../model/address.ts";
import type { PolicyRouting } from "../model/ruleset.ts";
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
   * Rules with a mark and no other condition, IPv4; routes of type local with destination default; addresses on lo but the loopback's. In
   * the words of the model.
   */
  readonly routing: PolicyRouting;
  /** Those rules once more, as many as there are. */
  readonly markRules: readonly MarkRule[];
}

/** A rule with a mark: `{ words: "fwmark 0x539 lookup 133", priority: 32765 }`. */
export interface MarkRule {
  readonly words: string;
  readonly priority: number;
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
  readonly table?: string;
}
interface Route {
  readonly dst: string;
  readonly dev?: string;
  readonly table?: string;
  readonly metric?: number;
  readonly prefsrc?: string;
  /** IPv6 routes alone have it. */
  readonly pref?: string;
}

/** 169.254.0.0/16 and fe80::/10, as the kernel writes addresses. */
const LINK_LOCAL = /^(169\.254\.|fe[89ab][0-9a-f]:)/;
/** What a rule without any condition but its mark prints: one from an address, for a device, to suppress routes prints more. */
const PLAIN_RULE_KEYS: readonly string[] = ["priority", "src", "fwmark", "table", "protocol"];
const QUESTIONS = "addr show\nrule show\nroute show table all type local\n";

/**
 * Reads addresses, rules and routes of the namespace by one run of `ip` (iproute2). Without it (busybox's knows no JSON) only addresses are
 * known, and only those of interfaces that are up: enough for a pod that needs no policy routing. Throws `environment` where it is ended.
 */
export function readNetworkState(): NetworkState {
  const { status, stdout, stderr } = runCommand("ip", ["-j", "-N", "-force", "-batch", "-"], QUESTIONS);
  const [links, rules, routes] = stdout.split("\n").filter((line) => line.startsWith("["));
  if (status !== "killed" && links === undefined) return readWithoutIp();
  if (links === undefined || rules === undefined || routes === undefined) {
    throw new LandfallError("environment", `ip does not tell addresses, rules and routes: ${stderr.trim()}.`);
  }
  return describe(JSON.parse(links), JSON.parse(rules), JSON.parse(routes));
}

/** Carries out lines of `ip -batch`, all or up to the first that fails; throws `environment` with `ip`'s own words. */
export function changeNetwork(lines: readonly string[]): void {
  if (lines.length === 0) return;
  const { status, stderr } = runCommand("ip", ["-batch", "-"], `${lines.join("\n")}\n`);
  if (status === 0) return;
  const message = `Policy routing cannot be changed (${lines.join("; ")}): ${stderr.trim()}`;
  throw new LandfallError(
    "environment",
    `${message}. It needs iproute2 and the capability NET_ADMIN, and lo must be up.`,
  );
}

function describe(links: readonly Link[], rules: readonly RouteRule[], routes: readonly Route[]): NetworkState {
  const isLoopback = (link: Link) => link.flags.includes("LOOPBACK");
  const addresses = links.filter((link) => !isLoopback(link)).flatMap((link) => link.addr_info);
  const markRules = rules.filter(isPlainRule).map(describeRule);
  return {
    extent: "whole",
    podIps: addresses.flatMap(({ local }) => (local !== undefined && !LINK_LOCAL.test(local) ? [local] : [])),
    links: links
      .filter((link) => !isLoopback(link))
      .map((link) => `${link.ifindex} ${link.ifname} ${link.address ?? ""}`),
    routing: {
      rules: markRules.map(({ words }) => words),
      routes: routes.filter(isPlainRoute).map(({ table }) => `local default dev lo table ${table}`),
      addresses: links
        .filter(isLoopback)
        .flatMap((link) => link.addr_info)
        .flatMap(({ local, prefixlen }) => (local === undefined ? [] : foreignToLoopback(local, prefixlen))),
    },
    markRules,
  };
}

function isPlainRule(rule: RouteRule): boolean {
  return (
    rule.fwmark !== undefined && rule.src === "all" && Object.keys(rule).every((key) => PLAIN_RULE_KEYS.includes(key))
  );
}

function describeRule({ fwmark, table, priority }: RouteRule): MarkRule {
  return { words: `fwmark ${fwmark} lookup ${table}`, priority };
}

function isPlainRoute({ dst, dev, pref, metric, prefsrc }: Route): boolean {
  return dst === "default" && dev === "lo" && [pref, metric, prefsrc].every((more) => more === undefined);
}

/** What lo has beside its own addresses. */
function foreignToLoopback(address: string, length: number | undefined): readonly string[] {
  return familyOf(address) === 6 && address !== "::1" ? [`${address}/${length} dev lo`] : [];
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
    markRules: [],
  };
}
