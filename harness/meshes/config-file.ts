import { parseDocument } from "yaml";
import type { MeshFile } from "./mesh.ts";
import type { Note } from "./values.ts";

/**
 * Gives what a tool's file of settings holds, YAML or JSON: `{ ProxyUserID: "5995" }`. Notes what is wrong with its text, aliases that
 * would multiply without end included, and gives null; an empty file gives null as well.
 */
export function parseConfigFile({ text }: MeshFile, note: Note): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    note(`This is neither YAML nor JSON: ${error.message}`);
    return null;
  }
  try {
    return document.toJS();
  } catch (fault) {
    note(`This cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`);
    return null;
  }
}
