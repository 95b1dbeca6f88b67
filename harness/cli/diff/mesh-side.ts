import { splitShellWords } from "../../formats/shell-words.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
import { emptyRuleset, NO_RULES, type PodRules } from "../../model/ruleset.ts";
import { type CaptureCommandLine, readCutWords } from "../arguments/capture-options.ts";
import { type CutWords, cutCommandWords } from "../arguments/cut-words.ts";
import { takeManifest } from "../arguments/manifest-option.ts";
import { MANIFEST_OPTION } from "../arguments/mesh-specs.ts";
import { lastValue, type OptionSpec, type ParsedOptions } from "../arguments/options.ts";
import { tellDefaultConfig, tellWarnings } from "../arguments/told-settings.ts";
import type { CommandIo } from "../command.ts";

/** The options that name a side by a mesh and its options. */
export const MESH_SIDE_OPTIONS: readonly OptionSpec[] = [
  {
    name: "from",
    value: "'MESH FLAGS'",
    help: "in place of BEFORE: a mesh and its options, 'linkerd --proxy-uid 2103'; without options, what its injector asks for",
  },
  { name: "to", value: "'MESH FLAGS'", help: "in place of AFTER: the same" },
];

/** What a mesh's options say of one side. */
export interface MeshSide {
  readonly capture: Capture;
  /** The generated rules of both families; a family of which the mesh makes none has an empty rule set. */
  readonly rules: PodRules;
}

/** Both sides as far as options name them; null where a file does. */
export interface MeshSides {
  readonly from: MeshSide | null;
  readonly to: MeshSide | null;
}

interface ReadSide {
  readonly option: "--from" | "--to";
  readonly words: CutWords;
  readonly line: CaptureCommandLine;
  /** Whether the side itself says which addresses the pod has. */
  readonly namesPod: boolean;
}

const SPECS = [MANIFEST_OPTION];
/** A migration is about both families. */
const BOTH_FAMILIES = [DEFAULT_ADDRESSES.pod[4], DEFAULT_ADDRESSES.pod[6]];

/** Reads `--from` and `--to`. Both are the same pod: addresses that one side names are the other's too. Adds every finding. */
export function readMeshSides(
  options: ParsedOptions,
  line: CaptureCommandLine | null,
  io: CommandIo,
  findings: Finding[],
): MeshSides {
  const common = lastValue(options, "pod-ip")?.split(",") ?? BOTH_FAMILIES;
  if (options.values.has("from") && options.values.has("to") && line?.captureFrom === "flags")
    findings.push(
      codedFinding("conflict", "-p … -k", "Write the mesh's options inside the quotes of --from and --to."),
    );
  const read = (option: ReadSide["option"], text: string | undefined) => {
    const words = text === undefined ? null : cutSide(option, text, io, findings);
    return words && readSide(option, words, common, io, findings);
  };
  const [from, to] = [read("--from", lastValue(options, "from")), read("--to", lastValue(options, "to"))];
  const named = [from, to].filter((side) => side?.namesPod === true);
  const [first, second] = named.map((side) => side?.line.capture.podIps ?? []);
  if (first && second && first.join() !== second.join())
    findings.push(
      codedFinding(
        "conflict",
        "--to",
        `Both sides are one pod; --from gives it the addresses ${first.join(", ")}, and --to ${second.join(", ")}.`,
      ),
    );
  const again = (side: ReadSide | null) =>
    side === null || side.namesPod || !first ? side : readSide(side.option, side.words, first, io, findings);
  return { from: tellSide(again(from), io), to: tellSide(again(to), io) };
}

function readSide(
  option: ReadSide["option"],
  words: CutWords,
  podIps: readonly string[],
  io: CommandIo,
  findings: Finding[],
): ReadSide | null {
  const { line, options, findings: found } = readCutWords(words, { withoutFlags: "injected", podIps }, io);
  for (const each of found) findings.push({ ...each, where: `${option}: ${each.where}` });
  const namesPod =
    options.values.has("pod-ip") || line?.manifestTold.some((told) => told.includes("status.podIP")) === true;
  return line === null ? null : { option, words, line, namesPod };
}

/** A side is a text that a person has written within quotes: a second command line, which is split and cut here, once. */
function cutSide(option: ReadSide["option"], text: string, io: CommandIo, findings: Finding[]): CutWords | null {
  const words = splitSide(option, text, findings);
  return words && cutCommandWords(words, { specs: SPECS, positionals: "none", takeManifest }, io);
}

/** A first word that is not an option names the mesh: `linkerd --proxy-uid 2103`; `--mesh` may stand anywhere. */
function splitSide(option: string, text: string, findings: Finding[]): readonly string[] | null {
  const split = splitShellWords(text);
  if (split.kind !== "words") {
    const message =
      split.kind === "needs-shell"
        ? `"${split.sign}" is shell syntax; put it in quotes within the text: 'istio -b "*"'.`
        : split.kind === "open-quote"
          ? "A quote is not closed."
          : split.message;
    findings.push(codedFinding("malformed-text", option, message, null, split.column));
    return null;
  }
  const words = split.words.map((word) => word.text);
  const [mesh, ...more] = words;
  if (mesh === undefined) {
    findings.push(codedFinding("missing-value", option, "Name a mesh, and its options: 'linkerd --proxy-uid 2103'."));
    return null;
  }
  return mesh.startsWith("-") ? words : ["--mesh", mesh, ...more];
}

function tellSide(side: ReadSide | null, io: CommandIo): MeshSide | null {
  if (side === null) return null;
  const { line, option } = side;
  const aside = { err: (text: string) => io.err(text.replace("landfall: ", `landfall: ${option}: `)) };
  tellDefaultConfig(line, aside);
  tellWarnings(line.warnings, aside);
  const generated = line.capture.generated ?? NO_RULES;
  const rules = { ...generated, ip: generated.ip ?? emptyRuleset(4), ip6: generated.ip6 ?? emptyRuleset(6) };
  return { capture: line.capture, rules };
}
