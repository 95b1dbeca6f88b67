import type { Flow, Manner } from "../../model/flow.ts";
import type { Landing } from "../../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import { findRuleAt, handlePlace, type RulePlace } from "../../model/rule-place.ts";
import type { PodRules } from "../../model/ruleset.ts";
import type { CountedRules } from "../../sandbox/sandbox.ts";
import { withInstalled } from "../with-installed.ts";
import type { OpenSandbox } from "./claims.ts";

/** What the kernel made of a flow driven alone. */
export interface Observed {
  readonly addresses: SandboxAddresses;
  readonly landing: Landing;
  /** Gives what a rule has counted of the flow; undefined where that is not known. */
  readonly countOf: (place: RulePlace) => ObservedCount | undefined;
}

/** What the kernel says of one rule once a flow was driven. */
export interface ObservedCount {
  /** The flow's packets that the rule took, of both directions; nat counts first packets alone. */
  readonly packets: number;
  /** Of a rule of nft the number by which nft names it in the sandbox. */
  readonly handle?: number;
}

/**
 * Opens a sandbox, puts rules into it, drives one flow alone, and reads how many packets each rule counted; then the sandbox is gone.
 * `bind` gives the flow and its pod in the sandbox's addresses. Throws what `open` throws, and `rules-refused`; a TypeError if the sandbox
 * breaks its contract and gives no observation.
 */
export async function observeFlow(
  open: OpenSandbox,
  rules: PodRules,
  manner: Manner,
  bind: (addresses: SandboxAddresses) => { readonly flow: Flow; readonly spec: PodSpec },
): Promise<Observed> {
  await using sandbox = await open();
  const { flow, spec } = bind(sandbox.addresses);
  await sandbox.enter(spec);
  const [drive] = await withInstalled(sandbox, { kind: "rules", rules }, () =>
    sandbox.driveOneByOne([{ flow, manner }]),
  );
  if (drive === undefined) throw new TypeError("The sandbox gave no observation of a flow that was driven.");
  const { observation, counted } = drive;
  return { addresses: sandbox.addresses, landing: observation.landing, countOf: (place) => findCount(counted, place) };
}

function findCount(counted: CountedRules, place: RulePlace): ObservedCount | undefined {
  const rule = findRuleAt(place, counted);
  return rule?.counters === undefined ? undefined : { packets: rule.counters.packets, ...handlePlace(rule) };
}
