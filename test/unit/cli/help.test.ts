import { describe, expect, test } from "vitest";
import { listOptions } from "../../../harness/cli/commands/help.ts";
import { COMMANDS } from "../../../harness/cli/commands.ts";
import { renderHelp } from "../../../harness/cli/output/help-text.ts";
import { PROGRAM_HELP } from "../../../harness/cli/output/program-help.ts";
import { CAPTURE_FLAGS } from "../../../harness/meshes/istio-1.4/options.ts";
import { MESHES } from "../../../harness/meshes/meshes.ts";
import { runCommand } from "./run-command.ts";

const HELPS = await Promise.all(
  Object.entries(COMMANDS).map(async ([name, { load }]) => [name, (await load()).help] as const),
);
const OWN_TITLES = ["What is under test:", "Where:", "Output:", "Debugging:", "Options:"];
/** The order in which parts of a help text stand; not every command has each. */
const ORDER = [
  /^Usage: /,
  /^(Commands|Formats|Guarantees):/,
  ...OWN_TITLES,
  "Another mesh:",
  "Settings for every mesh:",
  /^Options of \S+( \(|:)/,
  "Examples:",
  "Exit codes:",
];

/** Gives where each titled part of a help text stands in {@link ORDER}. */
function placesOf(text: string): readonly number[] {
  const titles = text
    .split("\n\n")
    .map((block) => block.split("\n")[0] ?? "")
    .filter((line) => /^Usage: |^Options of |:$/.test(line));
  return titles.map((title) =>
    ORDER.findIndex((part) => (typeof part === "string" ? part === title : part.test(title))),
  );
}

function widestLine(text: string): number {
  return Math.max(...text.split("\n").map(({ length }) => length));
}

describe("the help text", () => {
  test.each([...HELPS, ["landfall", PROGRAM_HELP] as const])(
    "of %s is no wider than the display, and has its sections in the common order",
    (_, help) => {
      const at80 = renderHelp(help, { columns: 80 }, MESHES[0]);
      const at200 = renderHelp(help, { columns: 200 }, MESHES[0]);
      expect([widestLine(at80) <= 80, widestLine(at200) <= 100, at200.length < at80.length + 1]).toEqual([
        true,
        true,
        true,
      ]);
      expect(at200.replace(/\s+/g, " ")).toBe(at80.replace(/\s+/g, " "));
      const places = placesOf(at200);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect([places[0], places.at(-1)]).toEqual([0, ORDER.length - 1]);
    },
  );

  test("is 80 columns wide if the width is unknown", async () => {
    const help = (await COMMANDS["verify"]?.load())?.help ?? PROGRAM_HELP;
    expect(renderHelp(help, { columns: null })).toBe(renderHelp(help, { columns: 80 }));
  });

  test.each(HELPS)("of %s is what -h and --help show, wherever they stand", async (name, help) => {
    const expected = { code: 0, out: renderHelp(help, { columns: 100 }, MESHES[0]), err: "" };
    for (const words of [["-h"], ["--help"], ["--json", "-h"]])
      expect(await runCommand(name, ...words)).toEqual(expected);
  });

  test.each(HELPS)("of %s gives examples with options that it takes", (name, help) => {
    for (const [line] of help.examples) {
      const words = line.split(" ");
      expect(words).toContain(name);
      const options = words.slice(words.indexOf(name)).filter((word) => /^--?[a-z]/.test(word));
      const known = [
        ...listOptions(help, MESHES).map(({ name }) => `--${name}`),
        ...CAPTURE_FLAGS.map(({ letter }) => `-${letter}`),
      ];
      expect(options.filter((option) => !known.includes(option))).toEqual([]);
    }
  });

  test("of generate and apply names each flag with its variable and its default", () => {
    for (const [, help] of HELPS.filter(([name]) => ["generate", "apply"].includes(name))) {
      const text = renderHelp(help, { columns: 80 }, MESHES[0]).replace(/\s+/g, " ");
      for (const { letter, name, value, variable, default: byDefault } of CAPTURE_FLAGS) {
        expect(text).toContain(`${letter === null ? "" : `-${letter}, `}--${name} ${value} `);
        expect(text).toContain(`(default ${byDefault}${variable === null ? "" : `, variable ${variable}`})`);
      }
    }
  });
});
