import type Docker from "dockerode";
import { codedFinding } from "../../model/finding.ts";
import { renderJson } from "../../report/json.ts";
import { reachEngine } from "../../sandbox/docker/engine.ts";
import {
  listStaleImages,
  makeImageJudge,
  removeStaleImages,
  type StaleImage,
} from "../../sandbox/docker/stale-images.ts";
import { type Residue, sweepEngine } from "../../sandbox/docker/sweep.ts";
import { type OptionSpec, readOptions, refuseWords } from "../arguments/options.ts";
import type { Command, CommandIo } from "../command.ts";
import { refuseUsage } from "../refusal.ts";
import type { CommandHelp } from "./help.ts";

const OPTIONS: readonly OptionSpec[] = [
  { name: "run", value: "ID", repeatable: true, help: "only what this run left: the value of the label landfall.run" },
  {
    name: "images",
    value: null,
    help: "also the images that this version would not use: those of earlier versions, and of other checkouts on this engine",
  },
  {
    name: "json",
    value: null,
    help: 'as data: { "formatVersion": "1.0", "removed": [ { "kind", "id", "name", "run" } ] }; "run" is null for an image',
  },
];

const HELP: CommandHelp = {
  usage: ["landfall sweep [--run ID]… [--json]", "landfall sweep --images [--json]"],
  about: [
    "Removes the containers and networks that dead runs left, those kept with --keep too once their run is over. Only what carries the label landfall.run is looked at; what a living run uses stays.",
    "Images stay, unless --images is given: then tags of landfall/pod, landfall/istio-iptables and landfall/envoy that this version would not use go too. What a container uses stays, and so does every image of others. Another checkout builds its own again when it needs them.",
  ],
  options: [{ title: "Options", options: OPTIONS }],
  captureFlags: "none",
  examples: [],
  exitCodes: { 0: "swept, or nothing was there", 3: "no container engine answers" },
};

/** `landfall sweep`: removes what dead runs left in the container engine, and images if asked to. The netns backend leaves nothing. */
export const sweep: Command = {
  help: HELP,
  async run(args, io) {
    const { options, findings: found } = readOptions(args, OPTIONS);
    const runs = options.values.get("run");
    const scope = options.values.has("images") ? "with-images" : "without-images";
    const findings = [...found, ...refuseWords(options)];
    if (runs && scope === "with-images")
      findings.push(codedFinding("conflict", "--images", "An image is no run's; leave --run away."));
    if (findings.length > 0) throw refuseUsage(findings);
    const engine = await reachEngine();
    const residue = await sweepEngine(engine, "dead-and-kept", runs);
    const images = scope === "with-images" ? await removeStaleImages(engine, makeImageJudge()) : [];
    const removed = [...residue, ...images];
    if (!runs && scope === "without-images") await tellImages(engine, io);
    const asJson = options.values.has("json");
    io.out(asJson ? renderJson({ removed }) : renderRemoved(removed));
    return 0;
  },
};

/** Says that there are images that could go, where there are: another checkout may use them, so that only a person can tell. */
async function tellImages(engine: Docker, io: CommandIo): Promise<void> {
  const { length } = await listStaleImages(engine, makeImageJudge());
  const what =
    length === 1
      ? "1 image tag that this version would not use stays"
      : `${length} image tags that this version would not use stay`;
  if (length > 0) io.err(`landfall: ${what}; landfall sweep --images removes ${length === 1 ? "it" : "them"}.\n`);
}

function renderRemoved(removed: readonly (Residue | StaleImage)[]): string {
  if (removed.length === 0) return "nothing was left\n";
  return removed
    .map(({ kind, name, run }) => `removed ${kind} ${name}${run === null ? "" : ` (run ${run})`}\n`)
    .join("");
}
