import { LandfallError } from "../../errors.ts";
import { parseIptablesSave } from "../../formats/iptables-save.ts";
import { toolOfFamily } from "../../formats/tool-name.ts";
import { carryTexts } from "../../formats/written-texts.ts";
import type { Family } from "../../model/address.ts";
import type { PodRules, Ruleset } from "../../model/ruleset.ts";

/**
 * Reads what `iptables-save` printed in the pod; null for null. Rules that were put in as `written` has them are quoted as they are there.
 * Throws `agent-failed` where the text cannot be understood.
 */
export function readKernelRules(text: string | null, family: Family, written: PodRules | null): Ruleset | null {
  if (text === null) return null;
  const parsed = parseIptablesSave(text, { where: `${toolOfFamily(family)}-save`, family });
  if (parsed.ok) return carryTexts(parsed.value, written);
  const message = "the pod's rules were read from the kernel but cannot be parsed.";
  throw new LandfallError("agent-failed", message, { findings: parsed.findings });
}
