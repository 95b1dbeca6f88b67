import { LandfallError } from "../errors.ts";
import { parseIptablesSave } from "../formats/iptables-save.ts";
import { nameTool } from "../formats/tool-name.ts";
import type { Family } from "../model/address.ts";
import type { Ruleset } from "../model/ruleset.ts";

/** Reads what `iptables-save` printed in the pod; null for null. Throws `agent-failed` where it cannot be understood. */
export function readKernelRules(text: string | null, family: Family): Ruleset | null {
  if (text === null) return null;
  const parsed = parseIptablesSave(text, { where: `${nameTool(family)}-save`, family });
  if (parsed.ok) return parsed.value;
  const message = "the pod's rules were read from the kernel, and cannot be understood.";
  throw new LandfallError("agent-failed", message, { findings: parsed.findings });
}
