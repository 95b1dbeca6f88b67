// Long because functions of the page's script can only call each other within one file.
/// <reference lib="dom" />
import type { PageData, PageFlow, PagePacket, PageWay } from "../page-data.ts";

/** One position of a person who steps through a flow's packets. */
interface Position {
  /** Which packet it is, counted over all connections, and its name. */
  readonly packet: number;
  readonly name: string;
  /** The packet's ends, `SOURCE -> DESTINATION`, and those that it has afterwards. */
  readonly ends: string;
  readonly afterwards: string;
  /** Which of the scenario's rules; null where the packet meets none there. */
  readonly rule: number | null;
  readonly verdict: string;
  readonly said: string;
}

/** Opens what a link to a flow names in a window of the page, where its packets can be followed. */
function startFlowView(): void {
  const dialog = document.querySelector<HTMLDialogElement>("#flow");
  const text = document.querySelector("#data")?.textContent;
  if (!dialog || !text) return;
  const data: PageData = JSON.parse(text);
  const open = (id: string) => {
    const row = document.getElementById(id);
    if (!(row instanceof HTMLTableRowElement) || !/^flow-\d+-\d+$/.test(id)) return;
    const scenario = row.closest("details");
    if (scenario) scenario.open = true;
    showFlow(dialog, row, data);
    history.replaceState(null, "", `#${id}`);
    if (!dialog.open) dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const link = target?.closest<HTMLAnchorElement>('a[href^="#flow-"]');
    const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (link && isPlain) {
      event.preventDefault();
      open(link.hash.slice(1));
    }
    const button = target?.closest<HTMLButtonElement>("button.copy");
    if (button) void copyText(button);
  });
  dialog.querySelector(".close")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
  addEventListener("hashchange", () => open(location.hash.slice(1)));
  for (const button of document.querySelectorAll<HTMLButtonElement>("button.copy")) button.hidden = false;
  // Without the script nobody could copy them unseen.
  for (const commands of document.querySelectorAll<HTMLDetailsElement>(".commands details")) commands.open = false;
  open(location.hash.slice(1));
}

/** Fills the window with a flow: what its row says, the commands that ask about it again, and its way. */
function showFlow(dialog: HTMLDialogElement, row: HTMLTableRowElement, data: PageData): void {
  const [, scenarioAt = "", flowAt = ""] = row.id.split("-");
  const scenario = data.scenarios[Number(scenarioAt)];
  const flow = scenario?.flows[Number(flowAt)] ?? null;
  const cells = [...row.cells].map((cell) => cell.textContent ?? "");
  const [mark = "", name = "", manner = "", landing = ""] = cells;
  const part = (selector: string) => dialog.querySelector<HTMLElement>(selector) as HTMLElement;
  part("h2").textContent = name;
  const manners = manner === "forward" ? ", where the proxy forwards" : "";
  part(".landing").textContent = `${mark} ${landing}${manners}`;
  part(".landing").className = `landing ${row.className.replace("-row", "")}`;
  const told = row.nextElementSibling?.className === "evidence" ? row.nextElementSibling.querySelector("dl") : null;
  part(".told").replaceChildren(...(told ? [told.cloneNode(true)] : []));
  const quoted = `'${name.replaceAll("'", "'\\''")}'`;
  const forward = manner === "forward" ? " --forward" : "";
  setCommand(part(".explain"), scenario?.explain ?? null, `${forward} ${quoted}`);
  setCommand(part(".verify"), scenario?.verify ?? null, ` --flows ${quoted}`);
  const evidence = row.closest("details")?.querySelector(".kept");
  part(".links").replaceChildren(...(evidence && told ? [evidence.cloneNode(true)] : []));
  const rules = row.closest("details")?.querySelector(".rules");
  const way = flow && scenario ? (scenario.ways[flow[0]] ?? null) : null;
  part(".way").hidden = way === null || !rules;
  if (!flow || !way || !rules) return;
  const list = rules.cloneNode(true) as HTMLElement;
  part(".list").replaceChildren(...list.querySelectorAll(".family"));
  part(".shortened").hidden = way[0] === "all";
  showWay(dialog, listPositions(way, flow, data));
}

/** Shows a command, or nothing where there is none. */
function setCommand(place: HTMLElement, start: string | null, end: string): void {
  place.hidden = start === null;
  const code = place.querySelector("code");
  if (code) code.textContent = `${start}${end}`;
}

/** Lets a person step through positions, with the rule of each lit in the list. */
function showWay(dialog: HTMLDialogElement, positions: readonly Position[]): void {
  const packets = dialog.querySelector("select") as HTMLSelectElement;
  const [back, next] = [...dialog.querySelectorAll<HTMLButtonElement>(".steps button")];
  const firsts = positions.filter(({ packet }, i) => positions[i - 1]?.packet !== packet);
  packets.replaceChildren(...firsts.map(({ packet, name }) => new Option(`${packet + 1}. ${name}`, String(packet))));
  let at = 0;
  const go = (to: number) => {
    at = Math.min(Math.max(to, 0), positions.length - 1);
    const position = positions[at];
    if (!position || !back || !next) return;
    // A button that is disabled outright loses the focus, and with it the keys.
    back.ariaDisabled = String(at === 0);
    next.ariaDisabled = String(at === positions.length - 1);
    packets.value = String(position.packet);
    showPosition(dialog, positions, at);
  };
  if (back) back.onclick = () => go(at - 1);
  if (next) next.onclick = () => go(at + 1);
  packets.onchange = () => go(positions.findIndex(({ packet }) => packet === Number(packets.value)));
  dialog.onkeydown = (event) => {
    if (event.target instanceof HTMLSelectElement) return;
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: positions.length,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  };
  go(0);
}

/** Shows one position: its words, its ends, and its rule in the list among those that the packet has met before. */
function showPosition(dialog: HTMLDialogElement, positions: readonly Position[], at: number): void {
  const position = positions[at];
  const part = (selector: string) => dialog.querySelector<HTMLElement>(selector) as HTMLElement;
  if (!position) return;
  const rules = [...part(".list").querySelectorAll("li")];
  const met = positions.slice(0, at + 1).filter(({ packet, rule }) => packet === position.packet && rule !== null);
  const verdicts = new Map(met.map(({ rule, verdict }) => [rule, verdict]));
  for (const [i, rule] of rules.entries()) {
    const verdict = verdicts.get(i);
    rule.className = verdict === undefined ? "" : verdict === "no" ? "passed-over" : "taken";
    rule.removeAttribute("aria-current");
  }
  const lit = position.rule === null ? undefined : rules[position.rule];
  for (const family of part(".list").querySelectorAll<HTMLElement>(".family"))
    family.hidden = lit !== undefined && !family.contains(lit);
  lit?.setAttribute("aria-current", "step");
  lit?.scrollIntoView({ block: "nearest" });
  part(".count").textContent = `step ${at + 1} of ${positions.length}`;
  part("p.said").textContent = lit
    ? `${lit.parentElement?.ariaLabel} ${[...(lit.parentElement?.children ?? [])].indexOf(lit) + 1} ${position.said}`
    : position.said;
  part(".ends").textContent = describeEnds(position.ends, position.afterwards);
}

/** `from 10.244.0.3 to 10.244.0.2:8080, rewritten: to 10.244.0.2:15006`; a port that the kernel chooses is left out. */
function describeEnds(before: string, after: string): string {
  const [[source, destination], [newSource, newDestination]] = [before, after].map((ends) =>
    ends.split(" -> ").map((end) => end.replace(/:0$/, "")),
  ) as [string[], string[]];
  const changes = [
    ...(source === newSource ? [] : [`from ${newSource}`]),
    ...(destination === newDestination ? [] : [`to ${newDestination}`]),
  ];
  const rewritten = changes.length === 0 ? "" : `, rewritten: ${changes.join(" ")}`;
  return `from ${source} to ${destination}${rewritten}`;
}

/** Gives every position of a flow's packets, in order. */
function listPositions(way: PageWay, flow: PageFlow, data: PageData): readonly Position[] {
  const values = [data.texts[flow[1]] ?? "", data.texts[flow[2]] ?? "", ...flow.slice(3).map(String)];
  const read = (text: number) => putBack(data.texts[text] ?? "", data.fields, values);
  return way[1].flat().flatMap((packet, i) => listPacket(packet, i, read));
}

/** Gives the positions of one packet: a rule each, and behind them the policy that drops it. */
function listPacket([name, steps, ends, dropped]: PagePacket, packet: number, read: (text: number) => string) {
  const known = ends.map((text) => /^(\d+) (.*)$/.exec(read(text)) ?? []);
  const endsAt = (step: number) => known.findLast(([, from]) => Number(from) <= step)?.[2] ?? "";
  const make = (at: number, rule: number | null, verdict: string, said: string): Position => ({
    packet,
    name: read(name),
    ends: endsAt(at),
    afterwards: endsAt(at + 1),
    rule,
    verdict,
    said,
  });
  const positions = steps.map((step, at) => {
    const [, hook, rule, verdict = "", why] = /^(\S+) (\d+) (\S+?)(?:: (.*))?$/.exec(read(step)) ?? [];
    const became = verdict === "no" ? "does not match" : verdict === "unknown" ? "is not known" : `matches: ${verdict}`;
    return make(at, Number(rule), verdict, `${became}${why ? ` (${why})` : ""}, in ${hook}`);
  });
  if (dropped >= 0) positions.push(make(steps.length, null, "", `The policy of ${read(dropped)} drops it.`));
  return positions.length > 0 ? positions : [make(0, null, "", "The packet meets no rule.")];
}

/** Puts a flow's own values in the place of the names of its fields; a brace that is none of theirs is doubled. */
function putBack(text: string, fields: readonly string[], values: readonly string[]): string {
  return text.replace(/\{\{|\{([\w.]+)\}/g, (_, field?: string) =>
    field === undefined ? "{" : (values[fields.indexOf(field)] ?? ""),
  );
}

/** Copies the command beside a button; where the browser does not allow it, the command is selected. */
async function copyText(button: HTMLButtonElement): Promise<void> {
  const { copies } = button.dataset;
  const code = button.parentElement?.querySelector(copies === undefined ? "code" : `code.${copies}`);
  if (!code) return;
  let done = "Copied";
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
  } catch {
    code.closest("details")?.setAttribute("open", "");
    getSelection()?.selectAllChildren(code);
    if (!document.execCommand("copy")) done = "Selected";
  }
  button.dataset["label"] ??= button.textContent ?? "";
  button.dataset["said"] ??= button.ariaLabel ?? "";
  button.textContent = done;
  button.ariaLabel = null;
  setTimeout(() => {
    button.textContent = button.dataset["label"] ?? "";
    button.ariaLabel = button.dataset["said"] || null;
  }, 2000);
}

/** The window that shows one flow: the function that starts it, and those that it calls. */
export const FLOW_VIEW_SCRIPT = [
  ...[startFlowView, showFlow, setCommand, showWay, showPosition],
  ...[describeEnds, listPositions, listPacket, putBack, copyText],
];
