/**
 * The style sheet of the HTML report: readable in light and dark, and from 400 pixels on, without anything from outside the page. On a
 * narrow screen a flow is a block.
 */
export const HTML_STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 18%, transparent);
  --dim: color-mix(in srgb, CanvasText 65%, transparent); --pass: #1a7f37; --wrong: #cf222e; --unknown: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --pass: #3fb950; --wrong: #ff7b72; --unknown: #d29922; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 96rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; display: inline; margin: 0; }
code, td:nth-child(2), td:nth-child(n + 4) { font-family: ui-monospace, monospace; font-size: 0.87em; }
.sum { display: flex; gap: 0.6rem; flex-wrap: wrap; margin: 0.8rem 0 1.6rem; }
.sum span { border: 1px solid var(--line); border-radius: 1rem; padding: 0.1rem 0.8rem; }
[hidden] { display: none !important; }
.dim, tbody td:nth-child(3), td:nth-child(n + 5) { color: var(--dim); } .pass, .pass-row > td:first-child { color: var(--pass); }
.wrong, .wrong-row > td:first-child, .wrong-row > td:nth-child(4) { color: var(--wrong); }
.could-not-look, .could-not-look-row > td:first-child, .could-not-look-row > td:nth-child(4) { color: var(--unknown); }
abbr { text-decoration: none; } td a { color: inherit; text-decoration-color: var(--line); }
section.failures { border-left: 0.25rem solid var(--wrong); padding: 0 0 0.1rem 1rem; margin: 0 0 1.6rem; }
h3 { font-size: 1rem; margin: 0.8rem 0 0.3rem; } h3 .claim { font-weight: 400; } .failures p { margin: 0.4rem 0 0.1rem; }
.failures a { font-family: ui-monospace, monospace; font-size: 0.87em; color: inherit; margin-right: 0.6rem; }
tr:target { background: color-mix(in srgb, var(--unknown) 18%, transparent); }
details.scenario { border: 1px solid var(--line); border-radius: 0.5rem; margin: 0.8rem 0; padding: 0.6rem 1rem; }
summary { cursor: pointer; } .claim { margin-left: 0.6rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 0.8rem 0 0.2rem; table-layout: fixed; }
th:nth-child(1) { width: 3.6rem; } th:nth-child(2) { width: 26%; } th:nth-child(3) { width: 4.4rem; }
th:nth-child(4) { width: 18%; } th:nth-child(5) { width: 13%; }
th { text-align: left; font-weight: 600; color: var(--dim); font-size: 0.85em; }
th, td { padding: 0.25rem 0.8rem 0.25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.evidence p { margin: -0.6rem 0 0.7rem 1.6rem; font-size: 0.87em; } tr.evidence td { border-bottom: 1px solid var(--line); } tr.wrong-row td, tr.could-not-look-row td { border-bottom: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 0.9rem; margin: 0 0 0.5rem 1.6rem; }
dt { color: var(--dim); } dd { margin: 0; font-family: ui-monospace, monospace; font-size: 0.87em; }
dd.said { font: inherit; } .name { display: inline-block; }
p, dd, td { overflow-wrap: anywhere; }
#filter { display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; align-items: center; margin: 0 0 1rem; }
#filter p { margin: 0; font-size: 0.85em; flex-basis: 100%; } [name=text] { width: 16rem; max-width: 60vw; }
kbd { border: 1px solid var(--line); border-radius: 0.25rem; padding: 0 0.3rem; font-size: 0.9em; }
input, select, button { font: inherit; } [aria-disabled=true] { color: var(--dim); cursor: default; } .copy { font-size: 0.8em; } .command { margin: 0.2rem 0 0.2rem 1.6rem; }
.shown { display: flex; flex-wrap: wrap; gap: 0 0.8rem; align-items: baseline; margin-top: 0.4rem; } .shown p { margin: 0; }
.rest summary { color: var(--dim); overflow-wrap: anywhere; } .rest ul { margin: 0.2rem 0 0.6rem; padding-left: 1.6rem; columns: 22rem; list-style: none; }
.commands { display: contents; } .commands details { font-size: 0.85em; } .commands summary { color: var(--dim); }
.commands details[open] { flex-basis: 100%; padding-left: 1.6rem; } .commands p + p { margin-top: 0.4rem; }
.required { margin: -0.9rem 0 1rem; color: var(--dim); } .scenario .required { margin: 0.4rem 0; }
.run, .legend { margin: 0 0 0.6rem; } .legend { margin-bottom: 1.2rem; } .legend dl { margin-top: 0.4rem; } .kept { display: block; margin: 0.3rem 0; } .rules summary { color: var(--dim); }
.rules h3 { font-size: 0.85em; margin: 0.6rem 0 0; color: var(--dim); } .rules ol { margin: 0; padding-left: 2.4rem; }
.rules li { overflow-wrap: anywhere; } .rules small { color: var(--dim); }
dialog { box-sizing: border-box; width: min(70rem, 100vw - 1rem); max-height: calc(100vh - 1rem); border: 1px solid var(--line);
  border-radius: 0.5rem; padding: 0.8rem 1rem; } dialog::backdrop { background: rgb(0 0 0 / 45%); }
dialog h2 { font-family: ui-monospace, monospace; overflow-wrap: anywhere; } dialog p { margin: 0.3rem 0; } dialog .command { margin: 0.3rem 0; }
dialog .bar { position: sticky; top: -0.8rem; z-index: 1; background: Canvas; padding-top: 0.3rem; }
.bar { display: flex; justify-content: space-between; gap: 1rem; align-items: start; } .way { border-top: 1px solid var(--line); padding-top: 0.5rem; }
.steps { display: flex; flex-wrap: wrap; gap: 0.4rem 0.8rem; align-items: center; } .ends { font-family: ui-monospace, monospace; font-size: 0.87em; }
.list { max-height: 40vh; min-height: 8rem; overflow: auto; border: 1px solid var(--line); border-radius: 0.3rem; padding: 0 0.4rem 0.4rem; }
.list li { color: var(--dim); } .list li.taken, .list li[aria-current] { color: CanvasText; } .list li.passed-over::after { content: " does not match"; color: var(--dim); font-size: 0.85em; }
.list li.taken code { font-weight: 700; } .list li[aria-current] { background: color-mix(in srgb, var(--unknown) 25%, transparent); outline: 1px solid var(--unknown); }
.heads { position: absolute; } .picture { margin: 0.8rem 0 0; } .picture > svg { display: block; width: 100%; max-width: 33rem; height: auto; }
figcaption { display: flex; flex-wrap: wrap; gap: 0.1rem 1.2rem; font-size: 0.85em; margin: 0.4rem 0 0.6rem; }
figcaption svg { width: 2rem; height: 0.7rem; margin-right: 0.4rem; vertical-align: middle; }
@media (max-width: 60rem) {
  body { margin: 1rem auto; padding: 0 0.6rem; } details.scenario { padding: 0.6rem 0.7rem; }
  table, tbody, tr.evidence, tr.evidence td { display: block; } thead { display: none; }
  tr { display: grid; grid-template-columns: 1.4rem 1fr max-content; padding: 0.35rem 0; border-bottom: 1px solid var(--line); }
  tr.wrong-row, tr.could-not-look-row { border-bottom: 0; padding-bottom: 0; }
  tbody td, tr.evidence td { border: 0; padding: 0; overflow-wrap: anywhere; } td:nth-child(n + 4) { grid-column: 2 / -1; }
  tr[id] > td:nth-child(5):not(:empty)::before { content: "dialled "; } tr[id] > td:nth-child(6):not(:empty)::before { content: "decided by "; }
  dl { margin-left: 1.4rem; } .legend dl { display: block; } .legend dd { margin-left: 1rem; }
}
`;
