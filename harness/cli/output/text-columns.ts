import { USUAL_COLUMNS } from "../../report/wrap-line.ts";
import type { Display } from "../command.ts";

/** Narrower lines hold no flow, and the eye loses its way in wider ones. */
const [NARROWEST, WIDEST] = [40, 120];

/** Gives the columns that an answer in lines and sentences takes: those of the display, 40 to 120, and 80 where nobody knows. */
export function chooseColumns({ columns }: Pick<Display, "columns">): number {
  return Math.min(Math.max(columns ?? USUAL_COLUMNS, NARROWEST), WIDEST);
}
