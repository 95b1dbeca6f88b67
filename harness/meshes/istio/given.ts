import { type Finding, finding } from "../../model/finding.ts";
import type { MeshInput, MeshOption, SettingOrigin } from "../mesh.ts";
import { readOptionWords, readSwitch } from "../option-words.ts";
import type { Note } from "../values.ts";
import type { ReadEntry } from "./lists.ts";
import { ISTIO_OPTIONS, WEAKER_VARIABLES } from "./options.ts";

/** What the words and variables say, by setting, and where faults are put. */
export interface Given {
  readonly asksForHelp: boolean;
  readonly findings: Finding[];
  /** Gives a setting's text; null where nobody gives one. */
  text(setting: string): string | null;
  /** Notes a fault of a setting, at the flag or variable that gives it. */
  noteFor(setting: string): Note;
  /** Gives a setting's value; the default where nobody gives one, or where it is wrong. */
  read<T>(setting: string, otherwise: T, read: ReadEntry<T>): T;
  readSwitch(setting: string): "on" | "off";
  origin(setting: string): SettingOrigin;
}

/** One setting as it is given. */
interface Found extends SettingOrigin {
  readonly text: string;
}

/** Looks the settings up: a flag counts more than a variable, even where the value is empty (pkg/flag/flag.go). */
export function lookUpSettings({ tokens, environment }: Pick<MeshInput, "tokens" | "environment">): Given {
  const read = readOptionWords(tokens, ISTIO_OPTIONS);
  const findings: Finding[] = [...read.findings];
  const found = new Map<string, Found>(
    ISTIO_OPTIONS.flatMap((option): readonly (readonly [string, Found])[] => {
      const flag = read.values.get(option.setting);
      if (flag) return [[option.setting, { kind: "flag", name: flag.flag, text: flag.texts.at(-1) ?? "" }]];
      const variable = findVariable(option, environment);
      return variable === null ? [] : [[option.setting, variable]];
    }),
  );
  const text = (setting: string) => found.get(setting)?.text ?? null;
  const noteFor =
    (setting: string): Note =>
    (message) =>
      void findings.push(finding(found.get(setting)?.name ?? `--${setting}`, message));
  return {
    asksForHelp: read.asksForHelp,
    findings,
    text,
    noteFor,
    read: (setting, otherwise, readText) => {
      const given = text(setting);
      return given === null ? otherwise : (readText(given, noteFor(setting)) ?? otherwise);
    },
    readSwitch: (setting) => {
      const given = text(setting);
      // The tool reads a variable that holds nothing as false.
      if (given === null || (given === "" && found.get(setting)?.kind === "variable")) return "off";
      const value = readSwitch(given);
      if (value === null) noteFor(setting)(`"${given}" is not a valid value; write true or false.`);
      return value ?? "off";
    },
    origin: (setting) => {
      const { kind, name } = found.get(setting) ?? { kind: "default", name: null };
      return { kind, name };
    },
  };
}

/** Finds the variable that gives an option; some have a second one, which counts less. */
function findVariable({ setting, variable }: MeshOption, environment: MeshInput["environment"]): Found | null {
  const names = [variable, WEAKER_VARIABLES[setting]].filter((name) => name !== null && name !== undefined);
  const name = names.find((candidate) => environment[candidate] !== undefined);
  const text = name === undefined ? undefined : environment[name];
  return name === undefined || text === undefined ? null : { kind: "variable", name, text };
}
