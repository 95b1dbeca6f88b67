import type Docker from "dockerode";
import { codedFinding } from "../../model/finding.ts";
import { renderJson } from "../../report/json.ts";
import { reachEngine } from "../../sandbox/docker/engine.ts";
import { sweepWorlds } from "../../sandbox/docker/kept-worlds.ts";
import type { Residue } from "../../sandbox/docker/residue.ts";
import {
  listStaleImages,
  makeImageJudge,
  removeStaleImages,
  type StaleImage,
} from "../../sandbox/docker/stale-images.ts";
import { sweepEngine } from "../../sandbox/docker/sweep.ts";
import { type OptionSpec, readOptions, refuseWords } from "../arguments/options.ts";
import type { Command, CommandIo } from "../command.ts";
import { refuseUsage } from "../refusal.ts";
import type { CommandHelp } from "./help.ts";

const OPTIONS: readonly OptionSpec[] = [
  {
    name: "run",
    value: "ID",
    repeatable: true,
    help: "only what the run with this ID left: the value of the label landfall.run",
  },
  {
    name: "images",
    value: null,
    help: "also removes images that this version does not use: those of earlier versions and of other checkouts on this engine",
  },
  {
    name: "json",
    value: null,
    help: 'prints JSON: { "formatVersion": "1.0", "removed": [ { "kind", "id", "name", "run" } ] }; "run" is null for an image',
  },
];

const HELP: CommandHelp = {
  usage: ["landfall sweep [--run ID]… [--json]", "landfall sweep --images [--json]"],
  about: [
    "Removes the containers and networks that ended runs left behind, including those kept with --keep and the worlds kept with --reuse. It removes only what has the label landfall.run, and nothing that an active run uses.",
    "Images stay unless you add --images, which removes the tags of landfall/pod, landfall/istio-iptables and landfall/envoy that this version does not use. Images that a container uses and all other images stay. Another checkout rebuilds its images when it needs them.",
  ],
  options: [{ title: "Options", options: OPTIONS }],
  captureFlags: "none",
  examples: [],
  exitCodes: { 0: "removed, or nothing was there to remove", 3: "no container engine answers" },
};

/** `landfall sweep`: removes containers and networks that ended runs left behind, and images on request. netns leaves nothing behind. */
export const sweep: Command = {
  help: HELP,
  async run(args, io) {
    const { options, findings: found } = readOptions(args, OPTIONS);
    const runs = options.values.get("run");
    const scope = options.values.has("images") ? "with-images" : "without-images";
    const findings = [...found, ...refuseWords(options)];
    if (runs && scope === "with-images")
      findings.push(codedFinding("conflict", "--images", "Images do not belong to a run; remove --run or --images."));
    if (findings.length > 0) throw refuseUsage(findings);
    const engine = await reachEngine();
    const worlds = await sweepWorlds(engine, runs);
    if (worlds.inUse > 0) io.err(`landfall: ${describeInUse(worlds.inUse)}\n`);
    const residue = [...worlds.removed, ...(await sweepEngine(engine, "dead-and-kept", runs))];
    const images = scope === "with-images" ? await removeStaleImages(engine, makeImageJudge()) : [];
    const removed = [...residue, ...images];
    if (!runs && scope === "without-images") await tellImages(engine, io);
    const asJson = options.values.has("json");
    io.out(asJson ? renderJson({ removed }) : renderRemoved(removed));
    return 0;
  },
};

function describeInUse(worlds: number): string {
  if (worlds === 1)
    return "1 world that verify --reuse keeps is in use and stays; run this again when its run has ended.";
  return `${worlds} worlds that verify --reuse keeps are in use and stay; run this again when their runs have ended.`;
}

/** Says that there are images that could go, where there are: another checkout may use them, so that only a person can tell. */
async function tellImages(engine: Docker, io: CommandIo): Promise<void> {
  const { length } = await listStaleImages(engine, makeImageJudge());
  const what =
    length === 1
      ? "1 image tag that this version does not use stays"
      : `${length} image tags that this version does not use stay`;
  if (length > 0) io.err(`landfall: ${what}; landfall sweep --images removes ${length === 1 ? "it" : "them"}.\n`);
}

function renderRemoved(removed: readonly (Residue | StaleImage)[]): string {
  if (removed.length === 0) return "nothing to remove\n";
  return removed
    .map(({ kind, name, run }) => `removed ${kind} ${name}${run === null ? "" : ` (run ${run})`}\n`)
    .join("");
}
