import type { Flow, Manner } from "../../model/flow.ts";
import type { Landing } from "../../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import { isInTable, type RulePlace } from "../../model/rule-place.ts";
import { familyKey, type PodRules } from "../../model/ruleset.ts";
import type { CountedRules } from "../../sandbox/sandbox.ts";
import { withInstalled } from "../with-installed.ts";
import type { OpenSandbox } from "./claims.ts";

/** What the kernel made of a flow driven alone. */
export interface Observed {
  readonly addresses: SandboxAddresses;
  readonly landing: Landing;
  /** Gives the packets that a rule has counted, of both directions; nat counts first packets alone. */
  readonly countOf: (place: RulePlace) => number | undefined;
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
  const { observation, counted } = await withInstalled(sandbox, { kind: "rules", rules }, async () => {
    const [seen] = await sandbox.drive([{ flow, manner }]);
    return { observation: seen, counted: await sandbox.counters() };
  });
  if (!observation) throw new TypeError("a flow that is driven has an observation");
  return { addresses: sandbox.addresses, landing: observation.landing, countOf: (place) => findCount(counted, place) };
}

function findCount(counted: CountedRules, place: RulePlace): number | undefined {
  const { family, chain, index } = place;
  const chains = counted[familyKey(family)]?.tables.find((table) => isInTable(place, table))?.chains;
  return chains?.find(({ name }) => name === chain)?.rules[index - 1]?.counters?.packets;
}
