import type { Family } from "../model/address.ts";
import type { Target } from "../model/target.ts";
import { MARK_TARGETS, renderMarkTarget } from "./mark-targets.ts";
import { NAT_TARGETS, renderNatTarget } from "./nat-targets.ts";
import { renderNftTarget } from "./nft/quote.ts";
import { PASSING_TARGETS, renderPassingTarget } from "./passing-targets.ts";
import { PLAIN_TARGETS, renderPlainTarget } from "./plain-targets.ts";
import { renderSideEffect, SIDE_EFFECT_TARGETS } from "./side-effect-targets.ts";
import type { TargetModule } from "./target-module.ts";

/** Every target that is understood, by the name behind `-j`. */
export const TARGET_MODULES: ReadonlyMap<string, TargetModule> = new Map(
  Object.entries({ ...PLAIN_TARGETS, ...NAT_TARGETS, ...MARK_TARGETS, ...PASSING_TARGETS, ...SIDE_EFFECT_TARGETS }),
);

/** Gives a target as iptables prints it, with its `-j` or `-g`. */
export function renderTarget(target: Target, family: Family): string {
  switch (target.kind) {
    case "jump":
      return `-j ${target.chain}`;
    case "goto":
      return `-g ${target.chain}`;
    case "statements":
    case "map":
    case "assign":
    case "tproxy-socket":
    case "counter":
    case "continue":
      return renderNftTarget(target);
    case "unknown":
      return target.text;
    case "redirect":
    case "masquerade":
    case "dnat":
    case "snat":
      return `-j ${renderNatTarget(target)}`;
    case "mark":
    case "connmark-set":
    case "connmark-save":
    case "connmark-restore":
    case "tproxy":
      return `-j ${renderMarkTarget(target, family)}`;
    case "hop-limit":
    case "tee":
    case "track":
    case "zone":
      return `-j ${renderPassingTarget(target, family)}`;
    case "side-effect":
      return `-j ${renderSideEffect(target)}`;
    case "accept":
    case "drop":
    case "return":
    case "reject":
    case "log":
    case "notrack":
      return `-j ${renderPlainTarget(target)}`;
  }
}
