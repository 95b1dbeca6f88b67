import type { FlowReport, FlowVerdict, ScenarioReport } from "../model/report.ts";
import { type Html, html } from "./html-text.ts";

/** A box of the picture: where its middle is, and what is written in it. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

const BOX = { width: 124, height: 34 };
const PLACES: Readonly<Record<string, Place>> = {
  client: { x: 80, y: 150, label: "client" },
  vm: { x: 80, y: 240, label: "vm" },
  upstream: { x: 820, y: 150, label: "upstream" },
  app: { x: 450, y: 60, label: "app" },
  "envoy-inbound": { x: 290, y: 150, label: "envoy-inbound" },
  "envoy-outbound": { x: 610, y: 150, label: "envoy-outbound" },
  status: { x: 290, y: 240, label: "status" },
  envoy: { x: 450, y: 240, label: "envoy" },
  root: { x: 610, y: 60, label: "root" },
  other: { x: 610, y: 240, label: "other owners" },
  refused: { x: 290, y: 340, label: "refused" },
  loop: { x: 450, y: 340, label: "loop" },
  lost: { x: 610, y: 340, label: "no answer" },
};
const COLORS: Readonly<Record<FlowVerdict, string>> = {
  pass: "var(--pass)",
  wrong: "var(--wrong)",
  "could-not-look": "var(--unknown)",
};

/** One arrow, for all flows that go this way and were judged alike. */
interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly verdict: FlowVerdict;
  readonly flows: number;
}

/** What is drawn later lies on top. */
const LAYERS: Readonly<Record<FlowVerdict, number>> = { pass: 0, "could-not-look": 1, wrong: 2 };

/**
 * Gives the picture of a scenario's pod: who dialled, through which hops, and where it landed, one arrow for flows that go alike. What
 * failed lies on top, and what passed is faded then.
 */
export function renderPicture(scenario: ScenarioReport): Html {
  const arrows = collectArrows(scenario.flows).toSorted((a, b) => LAYERS[a.verdict] - LAYERS[b.verdict]);
  const fades = arrows.some(({ verdict }) => verdict !== "pass");
  const all = placeAll(arrows.flatMap(({ from, to }) => [from, to]));
  const used = new Set(["client", "upstream", "app"]);
  for (const arrow of arrows) used.add(arrow.from).add(arrow.to);
  const places = [...all].filter(([name]) => used.has(name));
  const height = Math.max(...places.map(([, place]) => place.y)) + 50;
  return html`<svg viewBox="0 0 900 ${height}" width="900" role="img" aria-label="${describePicture(scenario)}" font-family="system-ui" font-size="13">
<defs>${Object.entries(COLORS).map(([verdict, color]) => html`<marker id="head-${verdict}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="${color}"/></marker>`)}</defs>
<rect x="190" y="18" width="520" height="${Math.min(height, 300) - 36}" rx="12" fill="none" stroke="var(--line)" stroke-dasharray="5 4"/><text x="204" y="38" fill="var(--dim)">pod</text>
${places.map(([, place]) => renderPlace(place))}
${arrows.map((arrow) => html`<g opacity="${fades && arrow.verdict === "pass" ? 0.3 : 1}">${renderArrow(arrow, all)}</g>`)}</svg>`;
}

/** For those who cannot see the arrows: the table below has the flows. */
function describePicture({ flows }: ScenarioReport): string {
  const count = (verdict: FlowVerdict) => flows.filter((flow) => flow.verdict === verdict).length;
  const [wrong, unseen] = [count("wrong"), count("could-not-look")];
  const parts = [
    `${count("pass")} as expected`,
    `${wrong} elsewhere`,
    ...(unseen > 0 ? [`${unseen} not observed`] : []),
  ];
  return `the pod and where its ${flows.length} flows landed: ${parts.join(", ")}`;
}

/** Listeners of other meshes stand where Istio's of the same role do, under their own names; those of no such role share one box. */
const ROLES: readonly (readonly [name: RegExp, place: string])[] = [
  [/inbound|public/, "envoy-inbound"],
  [/outbound/, "envoy-outbound"],
  [/./, "status"],
];

function placeAll(names: readonly string[]): ReadonlyMap<string, Place> {
  const strange = [...new Set(names.filter((name) => !(name in PLACES)))];
  const roleOf = (name: string) => ROLES.find(([pattern]) => pattern.test(name))?.[1] ?? "status";
  const added = strange.flatMap((name): readonly (readonly [string, Place])[] => {
    const place = PLACES[roleOf(name)];
    const alike = strange.filter((other) => roleOf(other) === roleOf(name));
    return place ? [[name, { ...place, label: alike.length > 1 ? "other listeners" : name }]] : [];
  });
  return new Map([...Object.entries(PLACES), ...added]);
}

function collectArrows(flows: readonly FlowReport[]): readonly Arrow[] {
  const arrows = new Map<string, Arrow>();
  for (const flow of flows) {
    const way = wayOf(flow);
    way.slice(1).forEach((to, i) => {
      const from = way[i] ?? to;
      const key = `${from} ${to} ${flow.verdict}`;
      arrows.set(key, { from, to, verdict: flow.verdict, flows: (arrows.get(key)?.flows ?? 0) + 1 });
    });
  }
  return [...arrows.values()];
}

/** The places a flow passes: who dialled, each hop, the landing; the hops of a loop are left out. */
function wayOf({ from, observed }: FlowReport): readonly string[] {
  const actor = from.actor in PLACES ? from.actor : "other";
  const ends = { listener: observed.listener ?? "lost", refused: "refused", reset: "refused", loop: "loop" } as const;
  const end = observed.kind in ends ? ends[observed.kind as keyof typeof ends] : "lost";
  return [actor, ...(observed.kind === "loop" ? [] : observed.hops.map((hop) => hop.listener)), end];
}

function renderPlace({ x, y, label }: Place): Html {
  return html`<rect x="${x - BOX.width / 2}" y="${y - BOX.height / 2}" width="${BOX.width}" height="${BOX.height}" rx="6" fill="none" stroke="currentColor"/><text x="${x}" y="${y + 4}" text-anchor="middle" fill="currentColor">${label}</text>`;
}

function renderArrow({ from, to, verdict, flows }: Arrow, places: ReadonlyMap<string, Place>): Html {
  const [start, end] = [places.get(from), places.get(to)];
  if (!start || !end) return html``;
  if (from === to) return renderCircle(start, verdict, flows);
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  const length = Math.hypot(dx, dy);
  // A bow to the left of the way keeps an arrow apart from the one that goes back.
  const bend = { x: (start.x + end.x) / 2 + (dy / length) * 26, y: (start.y + end.y) / 2 - (dx / length) * 26 };
  const [a, b] = [edgeOf(start, bend), edgeOf(end, bend)];
  return html`<path d="M${a} Q${bend.x.toFixed(0)} ${bend.y.toFixed(0)} ${b}" fill="none" stroke="${COLORS[verdict]}" stroke-width="1.6" marker-end="url(#head-${verdict})"/><text x="${bend.x.toFixed(0)}" y="${bend.y.toFixed(0)}" text-anchor="middle" font-size="11" fill="${COLORS[verdict]}">${flows}</text>`;
}

function renderCircle({ x, y }: Place, verdict: FlowVerdict, flows: number): Html {
  const top = y - BOX.height / 2;
  return html`<path d="M${x - 14} ${top} c-16 -30 44 -30 28 0" fill="none" stroke="${COLORS[verdict]}" stroke-width="1.6" marker-end="url(#head-${verdict})"/><text x="${x}" y="${top - 25}" text-anchor="middle" font-size="11" fill="${COLORS[verdict]}">${flows}</text>`;
}

/** The point where the line from a box's middle towards another point leaves the box. */
function edgeOf({ x, y }: Place, towards: { readonly x: number; readonly y: number }): string {
  const [dx, dy] = [towards.x - x, towards.y - y];
  const scale = Math.min(BOX.width / 2 / Math.abs(dx || 1e-9), BOX.height / 2 / Math.abs(dy || 1e-9));
  return `${(x + dx * scale).toFixed(0)} ${(y + dy * scale).toFixed(0)}`;
}
