import type { BaseChain } from "../../model/ruleset.ts";
import { type JsonObject, numberOf } from "./ast.ts";

const HOOKS = ["prerouting", "input", "forward", "output", "postrouting"] as const;
const TYPES = ["filter", "nat", "route"] as const;

/** Reads where the kernel calls a chain: null for one that only rules lead to, and a message for what is wrong. */
export function readBase(body: JsonObject): BaseChain | string | null {
  if (body.hook === undefined && body.type === undefined && body.prio === undefined) return null;
  const hook = HOOKS.find((one) => one === body.hook);
  const type = TYPES.find((one) => one === body.type);
  const priority = numberOf(body, "prio");
  const policy = readPolicy(body);
  if (hook === undefined) return `"${body.hook ?? ""}" is not a hook; use ${HOOKS.join(", ")}.`;
  if (type === undefined) return `"${body.type ?? ""}" is not a chain's type; use ${TYPES.join(", ")}.`;
  if (priority === null) return "A base chain needs a priority, prio, which is a whole number.";
  if (policy === undefined) return `"${body.policy}" is not a policy; use accept or drop.`;
  return findRefusal(type, hook, priority) ?? { hook, type, priority, policy };
}

/** Chains that the kernel does not make (nf_tables_addchain; nft_chain_nat.c and nft_chain_route.c, 6.18). */
function findRefusal(type: string, hook: string, priority: number): string | null {
  if (type === "route" && hook !== "output")
    return "A chain of type route is valid at the hook output only; the kernel refuses this.";
  if (type === "nat" && hook === "forward")
    return "A chain of type nat is not valid at the hook forward; the kernel refuses this.";
  return type === "nat" && priority <= -200
    ? "A nat chain's priority must be above -200, where connections are tracked; the kernel refuses this."
    : null;
}

/** Says whether two chains are called at the same place, by the same type of chain. */
export function standAlike(one: BaseChain, other: BaseChain): boolean {
  return one.hook === other.hook && one.type === other.type && one.priority === other.priority;
}

/** Reads a base chain's policy, accept where none is given; undefined for what is none. */
export function readPolicy(body: JsonObject): BaseChain["policy"] | undefined {
  return (["ACCEPT", "DROP"] as const).find((one) => one === String(body.policy ?? "accept").toUpperCase());
}
