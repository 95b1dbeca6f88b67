import type { Family } from "../model/address.ts";

/** Gives the name of the tool that a family's rules go through: `iptables` or `ip6tables`. */
export function toolOfFamily(family: Family): "iptables" | "ip6tables" {
  return family === 6 ? "ip6tables" : "iptables";
}
