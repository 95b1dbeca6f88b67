/// <reference lib="dom" />

/** Shows the form that filters flows, and has it and the keyboard do so. */
function startFilter(): void {
  const form = document.querySelector<HTMLFormElement>("#filter");
  const text = form?.querySelector<HTMLInputElement>("[name=text]");
  const failed = form?.querySelector<HTMLInputElement>("[name=failed]");
  const actor = form?.querySelector<HTMLSelectElement>("[name=actor]");
  if (!form || !text || !failed || !actor) return;
  const rows = [...document.querySelectorAll<HTMLTableRowElement>("tr[id]")].map(readRow);
  for (const name of new Set(rows.map((row) => row.actor))) actor.append(new Option(name));
  form.hidden = false;
  failed.checked = rows.length > Number(form.dataset["few"]) && rows.some(({ told }) => told !== null);
  const apply = () => {
    const asked = text.value.trim().toLowerCase();
    // A flow is looked for as it is written, other texts word by word.
    showRows(rows, asked.includes("->") ? [asked] : asked.split(/\s+/), actor.value, failed.checked);
  };
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    text.blur();
    stepToFlow(rows, 1);
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.closest("input, select, dialog");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") text.focus();
    else if (event.key === "f") failed.click();
    else if (event.key === "j" || event.key === "k") stepToFlow(rows, event.key === "j" ? 1 : -1);
    else return;
    event.preventDefault();
  });
  apply();
}

/** What of a flow's row is filtered by; `told`: the row beneath it, which only flows have that something is to be told of. */
function readRow(row: HTMLTableRowElement) {
  const next = row.nextElementSibling;
  const flow = row.querySelector("a")?.textContent ?? "";
  const told = next instanceof HTMLElement && next.className === "evidence" ? next : null;
  return {
    row,
    told,
    actor: flow.replace(/^again /, "").replace(/(@\S*)? -> .*$/, ""),
    text: `${row.textContent ?? ""} ${told?.textContent ?? ""}`.toLowerCase(),
    scenario: row.closest("details"),
  };
}

/** Shows the rows that hold every word, are of that actor, and failed if only those are wanted. */
function showRows(
  rows: readonly ReturnType<typeof readRow>[],
  words: readonly string[],
  actor: string,
  failed: boolean,
): void {
  const meant = rows.filter(
    (each) => (actor === "" || each.actor === actor) && words.every((word) => each.text.includes(word)),
  );
  const shown = failed ? meant.filter(({ told }) => told !== null) : meant;
  const shows = new Set(shown);
  for (const each of rows) {
    each.row.hidden = !shows.has(each);
    if (each.told) each.told.hidden = each.row.hidden;
  }
  const scenarios = new Set(shown.map(({ scenario }) => scenario));
  const isNarrow = actor !== "" || words.join("") !== "";
  // A scenario may fail although no flow of it does.
  if (failed && !isNarrow)
    for (const mark of document.querySelectorAll("summary > .wrong")) scenarios.add(mark.closest("details"));
  showScenarios(failed || isNarrow ? scenarios : null);
  // Who looks for a flow by its name must not take it for one that was not driven.
  showCount(rows.length, shown.length, isNarrow ? meant.length - shown.length : 0);
}

/** Says how many flows show, and how many others were found that did not fail. */
function showCount(all: number, shown: number, others: number): void {
  const output = document.querySelector("#filter output");
  const rest = others > 0 ? `; ${others} more as expected` : "";
  if (output) output.textContent = shown === all ? `${all} flows` : `${shown} of ${all} flows${rest}`;
}

/** Opens these scenarios and hides all others; null: shows all, open where a person had left them so. */
function showScenarios(found: ReadonlySet<Element | null> | null): void {
  for (const scenario of document.querySelectorAll<HTMLDetailsElement>("details.scenario")) {
    const { dataset } = scenario;
    dataset["open"] ??= String(scenario.open);
    scenario.hidden = found !== null && !found.has(scenario);
    scenario.open = found !== null || dataset["open"] === "true";
    if (found === null) delete dataset["open"];
  }
}

/** Moves the focus to the next or previous flow that shows. */
function stepToFlow(rows: readonly ReturnType<typeof readRow>[], by: 1 | -1): void {
  const shown = rows.filter(({ row, scenario }) => !row.hidden && scenario?.open);
  const at = shown.findIndex(({ row }) => row.contains(document.activeElement));
  const to = at < 0 ? (by > 0 ? 0 : shown.length - 1) : at + by;
  shown[to]?.row.querySelector("a")?.focus();
}

/** The filter of the page's flows: the function that starts it, and those that it calls. */
export const FILTER_SCRIPT = [startFilter, readRow, showRows, showCount, showScenarios, stepToFlow];
