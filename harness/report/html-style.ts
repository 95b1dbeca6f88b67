/**
 * The style sheet of the HTML report: readable in light and dark, and from 400 pixels on, without anything from outside the page. On a
 * narrow screen a flow is a block, and the picture is moved sideways by itself.
 */
export const HTML_STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent);
  --dim: color-mix(in srgb, currentColor 62%, transparent); --pass: #1a7f37; --wrong: #cf222e; --unknown: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --pass: #3fb950; --wrong: #ff7b72; --unknown: #d29922; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 96rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; display: inline; margin: 0; }
code, td.mono, pre { font-family: ui-monospace, monospace; font-size: 0.87em; }
.sum { display: flex; gap: 0.6rem; flex-wrap: wrap; margin: 0.8rem 0 1.6rem; }
.sum span { border: 1px solid var(--line); border-radius: 1rem; padding: 0.1rem 0.8rem; }
.dim { color: var(--dim); } .pass { color: var(--pass); } .wrong { color: var(--wrong); } .could-not-look { color: var(--unknown); }
section.failures { border-left: 0.25rem solid var(--wrong); padding: 0 0 0.1rem 1rem; margin: 0 0 1.6rem; }
h3 { font-size: 1rem; margin: 0.8rem 0 0.3rem; } h3 .claim { font-weight: 400; } .failures p { margin: 0.4rem 0 0.1rem; }
.failures a { font-family: ui-monospace, monospace; font-size: 0.87em; color: inherit; margin-right: 0.6rem; }
tr:target { background: color-mix(in srgb, var(--unknown) 18%, transparent); }
details.scenario { border: 1px solid var(--line); border-radius: 0.5rem; margin: 0.8rem 0; padding: 0.6rem 1rem; }
summary { cursor: pointer; } .claim { margin-left: 0.6rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 0.8rem 0 0.2rem; }
th { text-align: left; font-weight: 600; color: var(--dim); font-size: 0.85em; }
th, td { padding: 0.25rem 0.8rem 0.25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr.evidence td { border-bottom: 1px solid var(--line); } tr.wrong-row td, tr.could-not-look-row td { border-bottom: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 0.9rem; margin: 0 0 0.5rem 1.6rem; }
dt { color: var(--dim); } dd { margin: 0; font-family: ui-monospace, monospace; font-size: 0.87em; }
p, dd, td:last-child { overflow-wrap: anywhere; }
.picture { overflow-x: auto; } svg { max-width: 100%; min-width: 40rem; height: auto; display: block; margin: 0.8rem auto 0; }
@media (max-width: 60rem) {
  body { margin: 1rem auto; padding: 0 0.6rem; } details.scenario { padding: 0.6rem 0.7rem; }
  table, tbody, tr.evidence, tr.evidence td { display: block; } thead { display: none; }
  tr { display: grid; grid-template-columns: 1.4rem 1fr max-content; padding: 0.35rem 0; border-bottom: 1px solid var(--line); }
  tr.wrong-row, tr.could-not-look-row { border-bottom: 0; padding-bottom: 0; }
  tbody td, tr.evidence td { border: 0; padding: 0; overflow-wrap: anywhere; } td:nth-child(n + 4) { grid-column: 2 / -1; }
  td.dialled:not(:empty)::before { content: "dialled "; }
  dl { margin-left: 1.4rem; }
}
`;
