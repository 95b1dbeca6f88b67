import { closeSync, existsSync, openSync, rmSync, writeFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { runCommand } from "../../apply/process.ts";
import { LandfallError } from "../../errors.ts";
import { findMesh, MESHES } from "../../meshes/meshes.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { renderJson } from "../../report/json.ts";
import { lastValue, type OptionSpec, parseOptions } from "../arguments/options.ts";
import type { Command, CommandIo } from "../command.ts";
import { renderFirstScenario } from "../output/first-scenario.ts";
import { makeWorkflow } from "../output/first-workflow.ts";
import { findUnwritableFolder, makeFolders } from "../output/output-file.ts";
import type { CommandHelp } from "./help.ts";

const OPTIONS: readonly OptionSpec[] = [
  {
    name: "mesh",
    value: "NAME",
    choices: MESHES.map(({ name }) => name),
    help: "the mesh whose rules the scenario tests, with the options that its injector sets (default istio-1.4)",
  },
  {
    name: "json",
    value: null,
    help: 'prints JSON: { "formatVersion": "1.0", "written": [ "landfall/first.mjs", … ], "left": [ … ] }; left: files that were there already',
  },
];

const HELP: CommandHelp = {
  usage: ["landfall init [FOLDER] [--mesh NAME] [--json]"],
  about: [
    "Writes a first scenario into FOLDER (default landfall) and a CI workflow that verifies the folder. It overwrites nothing: if the scenario exists the command fails; an existing workflow stays as it is.",
  ],
  options: [{ title: "Options", options: OPTIONS }],
  captureFlags: "none",
  examples: [
    ["landfall init flows", "writes flows/first.mjs and .github/workflows/landfall.yml"],
    ["landfall init flows --mesh linkerd", "the same for Linkerd's rules"],
  ],
  exitCodes: { 0: "written", 2: "the scenario already exists or the folder is not writable; nothing was written" },
};

const WORKFLOW = join(".github", "workflows", "landfall.yml");

const SCENARIO = `import { defineScenario } from "landfall";

export default defineScenario({
  name: "first",
  claim: "Inbound traffic lands on 15006, outbound traffic on 15001, and the proxy's own traffic on neither.",
  // Istio's flags, one word an element.
  capture: ["-p", "15001", "-z", "15006", "-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  // Flows that the proxy answers: where they land.
  answer: {
    "client -> pod:8080": "envoy-inbound:15006",
    "client -> pod:15020": "status:15020",
    "app -> upstream:80": "envoy-outbound:15001",
    "envoy -> upstream:80": "upstream:80",
  },
  // Flows that the proxy dials on: where they end, and by which way.
  forward: {
    "client -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
  },
});
`;

/** `landfall init`: a first scenario and a CI workflow. */
export const init: Command = {
  help: HELP,
  async run(args, io) {
    const options = parseOptions(args, OPTIONS);
    const findings = options.ok ? [] : [...options.findings];
    const [folder = "landfall", ...more] = options.ok ? options.value.positionals : [];
    findings.push(...more.map((word) => codedFinding("unexpected-word", word, "Name one folder only.")));
    const mesh = findMesh((options.ok ? lastValue(options.value, "mesh") : undefined) ?? "");
    const scenario = mesh === null ? SCENARIO : renderFirstScenario(mesh);
    const hasWorkflow = existsSync(resolve(io.workingDirectory, WORKFLOW));
    const files = {
      [join(folder, "first.mjs")]: scenario,
      ...(hasWorkflow ? {} : { [WORKFLOW]: makeWorkflow(folder) }),
    };
    findings.push(...Object.keys(files).flatMap((path) => findObstacles(path, io)));
    if (findings.length > 0) throw new LandfallError("bad-usage", "Nothing was written.", { findings });
    writeAll(files, io);
    const made = { written: Object.keys(files), left: hasWorkflow ? [WORKFLOW] : [] };
    const asJson = options.ok && options.value.values.has("json");
    io.out(asJson ? renderJson(made) : tell(made, folder, io));
    return 0;
  },
};

function findObstacles(path: string, io: CommandIo): readonly Finding[] {
  const full = resolve(io.workingDirectory, path);
  if (existsSync(full)) return [codedFinding("unwritable", path, "The file already exists.")];
  return findUnwritableFolder(path, dirname(full));
}

/** Writes every file, or none: what has been made is removed where a later one cannot be written. */
function writeAll(files: Readonly<Record<string, string>>, io: CommandIo): void {
  const made: string[] = [];
  for (const [path, text] of Object.entries(files)) {
    const full = resolve(io.workingDirectory, path);
    try {
      made.push(...makeFolders(dirname(full)));
      const file = openSync(full, "wx");
      made.push(full);
      writeFileSync(file, text);
      closeSync(file);
    } catch (error) {
      for (const each of made) rmSync(each, { recursive: true, force: true });
      const findings = [
        codedFinding("unwritable", path, `It cannot be written (${(error as Error).message}); name another folder.`),
      ];
      throw new LandfallError("bad-usage", "Nothing was written.", { findings, cause: error });
    }
  }
}

interface Made {
  readonly written: readonly string[];
  /** What was there already, and may stay. */
  readonly left: readonly string[];
}

function tell({ written, left }: Made, folder: string, io: CommandIo): string {
  const command = `npx landfall verify ${folder}`;
  return [
    ...written.map((path) => `wrote ${path}`),
    ...left.map((path) => `left ${path} unchanged; to verify the new folder, add this step to it: ${command}`),
    ...warnOfIgnoredPackage(io),
    isInstalled(io)
      ? `next: ${command}`
      : `next: npm pack in a checkout of landfall, npm install --save-dev PATH/landfall-VERSION.tgz here, and ${command}`,
    "",
  ].join("\n");
}

/** The package that `npm install` takes from a file must be in a clone as well: `npm ci` fails where git ignores it. */
function warnOfIgnoredPackage({ workingDirectory }: CommandIo): readonly string[] {
  const { status, stdout } = runCommand("git", ["-C", workingDirectory, "check-ignore", "-v", "landfall-0.0.0.tgz"]);
  const [place = ""] = stdout.split("\t");
  // With -v a pattern that takes the file back in is told, too.
  if (status !== 0 || /^[^:]*:\d+:!/.test(place)) return [];
  return [
    `note: git ignores landfall-VERSION.tgz here (${place}), and npm ci fails in a clone without that file. Add it with git add -f, or add the line !landfall-*.tgz after that one.`,
  ];
}

/** Says whether Node finds landfall from the folder, and npx with it. */
function isInstalled({ workingDirectory }: CommandIo): boolean {
  try {
    return findPackageJSON("landfall", pathToFileURL(join(workingDirectory, "first.mjs"))) !== undefined;
  } catch {
    return false;
  }
}
