import { FAMILIES, type Family, familyOf } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
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

/** Gives the families that the pod has, or a contract of somebody's own speaks of, and that were asked about, but have no rules given. */
export function findUnseenFamilies(
  { podIps, contractFor }: Pick<Capture, "podIps" | "contractFor">,
  asked: Family | null,
  given: readonly Family[],
): readonly Family[] {
  const clauses = contractFor(DEFAULT_ADDRESSES).clauses.filter(({ origin }) => origin === "given");
  const spoken = clauses.flatMap(({ settings = [] }) => settings.flatMap(({ families }) => families));
  const own = FAMILIES.filter(
    (family) => podIps.some((address) => familyOf(address) === family) || spoken.includes(family),
  );
  return own.filter((family) => !given.includes(family) && (asked === null || asked === family));
}
