import { networkInterfaces } from "node:os";
import { LandfallError } from "../errors.ts";
import { familyOf } from "../model/address.ts";
import type { PolicyRouting } from "../model/ruleset.ts";
import { runCommand } from "./process.ts";

/** What the namespace has beside rules, as far as the generator has to do with it. */
export interface NetworkState {
  /** Addresses of interfaces that are neither loopback nor link-local. */
  readonly podIps: readonly string[];
  /** Interfaces but lo, each as `INDEX NAME MAC`: they tell one life of a namespace from the next. */
  readonly links: readonly string[];
  /**
   * Rules with a mark, IPv4; routes of type local with destination default; addresses on lo but the loopback's. In the words of the model.
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
  readonly fwmark?: string;
  readonly fwmask?: string;
  readonly table?: string;
}
interface Route {
  readonly dst: string;
  readonly dev?: string;
  readonly table?: string;
  /** IPv6 routes alone have it. */
  readonly pref?: string;
}

/** 169.254.0.0/16 and fe80::/10, as the kernel writes addresses. */
const LINK_LOCAL = /^(169\.254\.|fe[89ab][0-9a-f]:)/;
const QUESTIONS = "addr show\nrule show\nroute show table all type local\n";

/**
 * Reads addresses, rules and routes of the namespace by one run of `ip` (iproute2). Without `ip` only addresses are known, and only those
 * of interfaces that are up: enough for a pod that needs no policy routing.
 */
export function readNetworkState(): NetworkState {
  const { status, stdout, stderr } = runCommand("ip", ["-j", "-N", "-force", "-batch", "-"], QUESTIONS);
  if (status === null) return readWithoutIp();
  const [links, rules, routes] = stdout.split("\n").filter((line) => line.startsWith("["));
  if (links === undefined || rules === undefined || routes === undefined) {
    throw new LandfallError(
      "environment",
      `ip does not answer in JSON: ${stderr.trim() || stdout.slice(0, 80)}. Install iproute2.`,
    );
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
  return {
    podIps: addresses.flatMap(({ local }) => (local !== undefined && !LINK_LOCAL.test(local) ? [local] : [])),
    links: links
      .filter((link) => !isLoopback(link))
      .map((link) => `${link.ifindex} ${link.ifname} ${link.address ?? ""}`),
    routing: {
      rules: rules.flatMap(({ fwmark, fwmask, table }) =>
        fwmark === undefined || fwmask !== undefined ? [] : [`fwmark ${fwmark} lookup ${table}`],
      ),
      routes: routes
        .filter(({ dst, dev, pref }) => dst === "default" && dev === "lo" && pref === undefined)
        .map(({ table }) => `local default dev lo table ${table}`),
      addresses: links
        .filter(isLoopback)
        .flatMap((link) => link.addr_info)
        .flatMap(({ local, prefixlen }) =>
          local !== undefined && familyOf(local) === 6 && local !== "::1" ? [`${local}/${prefixlen} dev lo`] : [],
        ),
    },
  };
}

function readWithoutIp(): NetworkState {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const podIps = addresses.filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address));
  return { podIps: podIps.map(({ address }) => address), links: [], routing: { rules: [], routes: [], addresses: [] } };
}
