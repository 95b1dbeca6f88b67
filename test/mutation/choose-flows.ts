import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Recording } from "../agreement/recorded.ts";
import { type CodeMutant, copyInstrumented } from "./instrument.ts";

const USAGE = `Usage: node test/mutation/choose-flows.ts FILE [SEED]

Draws random rules and flows, as npm run agree does, and chooses those flows that land elsewhere when some place of the simulator is changed.
Writes them to FILE, for node test/agreement/record.ts FILE, which adds to the recording where a kernel lands them. Prints each change that
no flow shows: nothing but a test of its own can. Takes about an hour of one processor.
`;

/** The code that decides where flows land. */
const PARTS = ["harness/netfilter", "harness/model/target-traits.ts", "harness/model/text-match-traits.ts"];

async function choose(file: string, seed: string): Promise<void> {
  const folder = resolve(import.meta.dirname, "../../.landfall/choose");
  const mutants = await copyInstrumented(folder, PARTS);
  const [list, found] = [join(folder, "mutants.json"), join(folder, "found.json")];
  writeFileSync(list, JSON.stringify(mutants));
  const search = join(folder, "test/mutation/flow-search.ts");
  execFileSync(process.execPath, ["--conditions=landfall-source", search, list, found, seed], { stdio: "inherit" });
  const { recording, unseen }: { recording: Recording; unseen: readonly CodeMutant[] } = JSON.parse(
    readFileSync(found, "utf8"),
  );
  writeFileSync(file, JSON.stringify(recording));
  for (const { file: at, line, replacement } of unseen)
    console.log(`${at}:${line}  ${replacement.replace(/\s+/g, " ")}`);
  const flows = recording.cases.flatMap((one) => one.flows).length;
  console.log(
    `${mutants.length} changes, ${unseen.length} that no flow shows; ${recording.cases.length} sets of rules, ${flows} flows`,
  );
}

const [file, seed = "1"] = process.argv.slice(2);
if (file === undefined) console.log(USAGE);
else await choose(file, seed);
