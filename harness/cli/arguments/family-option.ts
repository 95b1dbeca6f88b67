import { FAMILIES, type Family, familyOf } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { lastValue, type OptionSpec, type ParsedOptions } from "./options.ts";

/** The option that limits an answer to one family. */
export const FAMILY_OPTION: OptionSpec = {
  name: "family",
  value: "4|6",
  choices: ["4", "6"],
  help: "covers only this family (default: every family in --pod-ip)",
};

/** Reads `--family`; null where it is not given. */
export function readFamily(options: ParsedOptions): Family | null {
  const text = lastValue(options, "family");
  return text === undefined ? null : text === "6" ? 6 : 4;
}

/** Gives the families that the pod has and that were asked about, but for which no rules were given. */
export function findUnseenFamilies(
  { podIps }: Pick<Capture, "podIps">,
  asked: Family | null,
  given: readonly Family[],
): readonly Family[] {
  const own = FAMILIES.filter((family) => podIps.some((address) => familyOf(address) === family));
  return own.filter((family) => !given.includes(family) && (asked === null || asked === family));
}
