import { loadYaml } from "../model/packages.ts";
import { readYamlValue } from "../model/yaml-value.ts";

/**
 * Reads a text as YAML or JSON and gives its value, or what is wrong with it as one sentence. Aliases that would multiply without end are
 * refused; the yaml package counts them.
 *
 * @example
 * readYamlText("a: [") // { ok: false, message: "This is neither JSON nor YAML: Flow sequence in block collection must be …" }
 */
export function readYamlText(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string } {
  const document = loadYaml().parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error) return { ok: false, message: `This is neither JSON nor YAML: ${error.message}` };
  try {
    return { ok: true, value: readYamlValue(document) };
  } catch (fault) {
    return { ok: false, message: `This cannot be read: ${fault instanceof Error ? fault.message : String(fault)}.` };
  }
}
