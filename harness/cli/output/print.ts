import { escapeInvisible } from "../../model/visible-text.ts";
import type { Print } from "../command.ts";

/** Gives the one way to a stream: what is not landfall's own cannot steer a terminal. `write` gets the text as it may be shown. */
export function printTo(write: (text: string) => void): Print {
  return (text, kind) => write(kind === "styled" ? text : escapeInvisible(text));
}
