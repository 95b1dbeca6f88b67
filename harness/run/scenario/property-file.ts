import { resolve } from "node:path";
import { listProperties, type Property } from "../../analysis/proof/properties.ts";
import { parseProperties, type WrittenProperty } from "../../analysis/proof/written-property.ts";
import { parseJsonText } from "../../load/json-text.ts";
import { readTextFile } from "../../load/text-file.ts";
import { loadUserModules } from "../../load/user-modules.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import { describeReadFailure } from "../../model/read-failure.ts";
import { isRecord } from "../../model/records.ts";
import { checkField, findUnknownFields, isListOf, isText, type Shape } from "./shape.ts";

const isTextOrTexts = (value: unknown) => isText(value) || (isListOf(value, isText) && (value as []).length > 0);

const SHAPES: Readonly<Record<keyof WrittenProperty, Shape>> = {
  name: { is: 'lower-case words with dashes between them: "no-ssh-out"', holds: isText, presence: "required" },
  flows: {
    is: 'a set of flows or a list of them: "app -> 10.0.0.0/8:80,443"',
    holds: isTextOrTexts,
    presence: "required",
  },
  except: { is: "a set of flows or a list of them", holds: isTextOrTexts, presence: "optional" },
  lands: { is: 'a landing or a list of them: "envoy-outbound"', holds: isTextOrTexts, presence: "optional" },
  never: { is: 'a landing or a list of them: "as dialled"', holds: isTextOrTexts, presence: "optional" },
  manner: {
    is: '"answer" or "forward"',
    holds: (value) => value === "answer" || value === "forward",
    presence: "optional",
  },
};

/**
 * Reads a file of properties, JSON or a module that exports them by default: a list of {@link WrittenProperty}. Gives all findings at
 * once, each with the property's number, from 0, and its field. `file` is how findings name it, below `folder`; `tell` is
 * given what a module writes while it loads.
 */
export async function loadPropertyFile(
  file: string,
  folder: string,
  capture: Capture,
  addresses: SandboxAddresses,
  tell: (text: string) => void = () => {},
): Promise<Parsed<readonly Property[]>> {
  const path = resolve(folder, file);
  const loaded = file.endsWith(".json") ? readJson(path) : await loadModule(path, tell);
  if (!loaded.ok) return { ok: false, findings: loaded.findings.map((each) => ({ ...each, where: file })) };
  if (!Array.isArray(loaded.value) || loaded.value.length === 0) {
    const message = 'This is not a list of properties; write [{ "name": …, "flows": …, "lands": … }].';
    return { ok: false, findings: [codedFinding("unusable-module", file, message)] };
  }
  const faults = loaded.value.map((each: unknown, i) => checkShape(each, `${file}: [${i}]`));
  const sound = loaded.value.map((each, i) => (faults[i]?.length === 0 ? (each as WrittenProperty) : null));
  const taken = listProperties(capture.contractFor(addresses)).map(({ name }) => name);
  const parsed = parseProperties(sound, file, capture.shape, taken, addresses);
  const findings = [...faults.flat(), ...(parsed.ok ? [] : parsed.findings)];
  return findings.length > 0 || !parsed.ok ? { ok: false, findings } : parsed;
}

async function loadModule(path: string, tell: (text: string) => void): Promise<Parsed<unknown>> {
  const { results, output } = await loadUserModules([path]);
  if (output !== "") tell(output);
  return results[0] ?? { ok: false, findings: [] };
}

function readJson(path: string): Parsed<unknown> {
  try {
    return parseJsonText(readTextFile(path), path);
  } catch (error) {
    return { ok: false, findings: [codedFinding("unreadable", path, describeReadFailure(error))] };
  }
}

function checkShape(value: unknown, where: string): readonly Finding[] {
  if (!isRecord(value))
    return [
      codedFinding(
        "wrong-shape",
        where,
        "This is not a property; write { name, flows, lands } or { name, flows, never }.",
      ),
    ];
  const claims = ["lands", "never"].filter((field) => value[field] !== undefined);
  const fields = Object.entries(SHAPES).flatMap(([field, shape]) => checkField(value, field, shape, `${where}.`));
  const which =
    claims.length === 0 ? [codedFinding("missing-value", where, "It claims nothing; add lands or never.")] : [];
  return [...fields, ...findUnknownFields(value, Object.keys(SHAPES), `${where}.`), ...which];
}
