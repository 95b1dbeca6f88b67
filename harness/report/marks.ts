import type { FlowVerdict } from "../model/report.ts";

/** How a verdict is marked, wherever a person reads it. */
export const MARKS: Readonly<Record<FlowVerdict, string>> = { pass: "✓", wrong: "✗", "could-not-look": "?" };
