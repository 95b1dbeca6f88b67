import type { FlowVerdict, ScenarioReport } from "../model/report.ts";
import { type Html, html } from "./html-text.ts";
import { layOut, type PictureFrame, type PlacedBox, type PlacedLine } from "./picture-layout.ts";
import { collectLines, listOtherOwners, type PictureLineKind } from "./picture-lines.ts";

interface Look {
  readonly color: string;
  readonly width: number;
  readonly dashes: string;
  /** What the legend says. */
  readonly says: string;
}

const LOOKS: Readonly<Record<PictureLineKind, Look>> = {
  wrong: { color: "var(--wrong)", width: 2.2, dashes: "none", says: "not as expected" },
  expected: { color: "var(--dim)", width: 1.2, dashes: "3 3", says: "where these should have landed" },
  "could-not-look": { color: "var(--unknown)", width: 1.8, dashes: "none", says: "not observed" },
  pass: { color: "var(--pass)", width: 1.4, dashes: "none", says: "as expected" },
};
const KINDS = Object.keys(LOOKS) as readonly PictureLineKind[];

/**
 * Gives the picture of a scenario's flows: on the left who dialled, on the right where it landed, one line for flows that go alike, with
 * their number. What failed lies on top, and what passed is faded then. Empty where there is no flow.
 */
export function renderPicture(scenario: ScenarioReport): Html {
  const lines = collectLines(scenario.flows);
  if (lines.length === 0) return html``;
  const { width, height, boxes, frames, lines: placed } = layOut(lines);
  const kinds = KINDS.filter((kind) => lines.some((line) => line.kind === kind));
  const fades = lines.some(({ kind }) => kind !== "pass");
  return html`<figure class="picture"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${describePicture(scenario)}" font-family="system-ui, sans-serif" font-size="13">
${frames.map(renderFrame)}
${placed.map((one) => renderLine(one, fades && one.line.kind === "pass" ? 0.35 : 1))}
${boxes.map(renderBox)}</svg>
<figcaption>${kinds.map(renderKey)}<span class="dim">A number counts the flows of a line.</span>${renderOwners(scenario)}</figcaption></figure>`;
}

/** Who is drawn as one box, since nobody has given them names. */
function renderOwners({ flows }: ScenarioReport): Html {
  const owners = listOtherOwners(flows);
  if (owners.length === 0) return html``;
  return html` <span class="dim">Other owners: ${owners.map((owner, i) => html`<code>${owner}</code>${i < owners.length - 1 ? ", " : "."}`)}</span>`;
}

/** Gives the arrow heads of all pictures of a page; once, for those in a closed scenario are none for the others. */
export function renderArrowHeads(): Html {
  return html`<svg class="heads" width="0" height="0" aria-hidden="true"><defs>${KINDS.map(renderHead)}</defs></svg>`;
}

/** For those who cannot see the lines: the table below has the flows. */
function describePicture({ flows }: ScenarioReport): string {
  const count = (verdict: FlowVerdict) => flows.filter((flow) => flow.verdict === verdict).length;
  const [wrong, unseen] = [count("wrong"), count("could-not-look")];
  const parts = [
    `${count("pass")} as expected`,
    `${wrong} elsewhere`,
    ...(unseen > 0 ? [`${unseen} not observed`] : []),
  ];
  return `who dialled, and where the ${flows.length} flows landed: ${parts.join(", ")}`;
}

function renderHead(kind: PictureLineKind): Html {
  return html`<marker id="head-${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z" fill="${LOOKS[kind].color}"/></marker>`;
}

function renderFrame({ label, x, y, width, height }: PictureFrame): Html {
  return html`<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="none" stroke="var(--line)" stroke-dasharray="5 4"/><text x="${x + 8}" y="${y + 14}" font-size="11" fill="var(--dim)">${label}</text>`;
}

function renderBox({ end, x, y, width, height }: PlacedBox): Html {
  const [middle, line] = [x + width / 2, y + height / 2 + (end.note === "" ? 4.5 : -2)];
  const note =
    end.note === ""
      ? html``
      : html`<text x="${middle}" y="${line + 13}" text-anchor="middle" font-size="10.5" fill="var(--dim)">${shorten(end.note, 24)}</text>`;
  return html`<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="5" fill="Canvas" stroke="currentColor"/><text x="${middle}" y="${line}" text-anchor="middle" fill="currentColor">${shorten(end.label, 19)}</text>${note}`;
}

/** A faded line keeps its number as readable as the others. */
function renderLine({ line, from: [x1, y1], to: [x2, y2] }: PlacedLine, opacity: number): Html {
  const { color, width, dashes } = LOOKS[line.kind];
  const bow = (x2 - x1) / 2;
  // The line ends level, so that its number stands on it.
  const level = 24;
  return html`<path d="M${x1} ${y1.toFixed(1)} C${x1 + bow} ${y1.toFixed(1)} ${x2 - level - bow} ${y2.toFixed(1)} ${x2 - level} ${y2.toFixed(1)} L${x2} ${y2.toFixed(1)}" fill="none" stroke="${color}" stroke-width="${width}" stroke-dasharray="${dashes}" opacity="${opacity}" marker-end="url(#head-${line.kind})"/>${line.kind === "expected" ? html`` : html`<text x="${x2 - level + 6}" y="${(y2 - 2.5).toFixed(1)}" text-anchor="middle" font-size="10" fill="${color}" stroke="Canvas" stroke-width="3" paint-order="stroke">${line.flows}</text>`}`;
}

function renderKey(kind: PictureLineKind): Html {
  const { color, width, dashes, says } = LOOKS[kind];
  return html`<span><svg viewBox="0 0 28 10" aria-hidden="true"><path d="M1 5 H26" stroke="${color}" stroke-width="${width}" stroke-dasharray="${dashes}" marker-end="url(#head-${kind})"/></svg>${says}</span>`;
}

function shorten(text: string, letters: number): string {
  return text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
}
