import { LandfallError } from "../errors.ts";
import { connectEngine, whyNoEngine } from "../sandbox/docker-engine.ts";
import { makeImageJudge, removeStaleImages, type StaleImage } from "../sandbox/stale-images.ts";
import { type Residue, sweep as sweepResidue } from "../sandbox/sweep.ts";
import type { Command } from "./command.ts";
import type { CommandHelp } from "./help.ts";
import { type OptionSpec, readOptions, refuseWords } from "./options.ts";

const OPTIONS: readonly OptionSpec[] = [
  { name: "run", value: "ID", repeatable: true, help: "only what this run left: the value of the label landfall.run" },
  {
    name: "json",
    value: null,
    help: 'as data: { "formatVersion": "1.0", "removed": [ { "kind", "id", "name", "run" } ] }; "run" is null for an image',
  },
];

const HELP: CommandHelp = {
  usage: ["landfall sweep [--run ID]… [--json]"],
  about: [
    "Removes the containers and networks that dead runs left, those kept with --keep too once their run is over. Only what carries the label landfall.run is looked at; what a living run uses stays.",
    "Without --run also the images that earlier versions of landfall have built: tags of landfall/pod, landfall/istio-iptables and landfall/envoy that this version would not use. What a container uses stays, and so does every image of others. Another checkout builds its own again when it needs them.",
  ],
  options: [{ title: "Options", options: OPTIONS }],
  captureFlags: "none",
  examples: [],
  exitCodes: { 0: "swept, or nothing was there", 3: "no container engine answers" },
};

/** `landfall sweep`: removes what dead runs left in the container engine. The netns backend leaves nothing. */
export const sweep: Command = {
  help: HELP,
  async run(args, io) {
    const { options, findings: found } = readOptions(args, OPTIONS);
    const findings = [...found, ...refuseWords(options)];
    if (findings.length > 0)
      throw new LandfallError("bad-usage", "The command line cannot be used; nothing was removed.", { findings });
    const engine = connectEngine();
    const why = await whyNoEngine(engine);
    if (why !== null)
      throw new LandfallError("environment", `no container engine answers (${why}). landfall doctor says what to do.`);
    const runs = options.values.get("run");
    const residue = await sweepResidue(engine, "dead-and-kept", runs);
    const removed = [...residue, ...(runs ? [] : await removeStaleImages(engine, makeImageJudge()))];
    const asJson = options.values.has("json");
    io.out(asJson ? `${JSON.stringify({ formatVersion: "1.0", removed }, null, 2)}\n` : renderRemoved(removed));
    return 0;
  },
};

function renderRemoved(removed: readonly (Residue | StaleImage)[]): string {
  if (removed.length === 0) return "nothing was left\n";
  return removed
    .map(({ kind, name, run }) => `removed ${kind} ${name}${run === null ? "" : ` (run ${run})`}\n`)
    .join("");
}
