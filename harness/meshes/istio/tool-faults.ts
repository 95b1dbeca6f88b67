import { type Finding, finding } from "../../model/finding.ts";
import type { MeshOption } from "../mesh.ts";
import { readPort } from "../values.ts";
import type { Given } from "./given.ts";
import { ISTIO_OPTIONS } from "./options.ts";

/** As Go's time.ParseDuration takes it. */
const DURATION = /^[+-]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)([\d.]+(ns|us|µs|ms|s|m|h))*)$/;

/** Gives what is wrong with options that change no rule: values that would end the tool, and requests for another action. */
export function findToolFaults(given: Given): readonly Finding[] {
  return ISTIO_OPTIONS.filter(({ effect }) => effect !== "rules").flatMap((option) => {
    const text = given.text(option.setting);
    const { name } = given.origin(option.setting);
    const fault = text === null ? null : faultOf(option, text, given);
    return fault === null || name === null ? [] : [finding(name, fault)];
  });
}

function faultOf({ setting, value, words, effect }: MeshOption, text: string, given: Given): string | null {
  if (value === null) {
    const isOn = given.readSwitch(setting) === "on";
    return isOn && typeof effect !== "string" ? `This option requests another action; use ${effect.instead}.` : null;
  }
  if (words !== undefined && text !== "" && !words.includes(text))
    return `"${text}" is not allowed here; use ${words.join(" or ")}.`;
  if (setting === "iptablesProbePort") readPort(text, given.noteFor(setting));
  if (setting !== "probeTimeout" || DURATION.test(text)) return null;
  return `"${text}" is not a duration; write for example 5s or 500ms.`;
}
