import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { BLIND_CODES } from "../harness/model/blind-codes.ts";
import { FINDING_CODES } from "../harness/model/finding-codes.ts";
import { type ExportedThing, listExportedThings, listPassedOn, readExports } from "./docstrings.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * The rooms of `harness/` and what each may import: rooms only, itself always. ARCHITECTURE.md draws the same picture.
 * `types:` before a room allows `import type` alone.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  contract: ["model"],
  meshes: ["model"],
  formats: ["model"],
  netfilter: ["model"],
  analysis: ["model", "contract", "formats", "netfilter"],
  report: ["model"],
  agent: ["types:model"],
  apply: ["model", "meshes", "formats"],
  load: ["model"],
  sandbox: ["model", "formats", "netfilter", "types:agent"],
  run: ["model", "contract", "meshes", "formats", "netfilter", "analysis", "report", "sandbox", "load"],
  vitest: ["model", "contract", "meshes", "formats", "report", "sandbox", "run"],
  cli: [
    ...["model", "contract", "meshes", "formats", "netfilter", "analysis", "report", "apply", "load", "sandbox", "run"],
  ],
};

/** Rooms that may start processes, open sockets or read files; all others are pure. */
const WET_ROOMS = ["agent", "apply", "load", "sandbox", "run", "cli", "vitest"];
/** Rooms that may start processes. */
const SPAWNING_ROOMS = ["agent", "apply", "load", "sandbox"];
/**
 * What reads texts that people write, with the files that may name it: those where such a text comes in, and the reader's own. Everything
 * else passes data (FlowSpec, FlowSet, LandingSpec, tokens), so that no text of landfall's own making is ever read again.
 */
const READERS: Readonly<Record<string, readonly string[]>> = {
  parseFlowText: [
    ...["model/flow-text.ts", "cli/explain/input.ts", "vitest/pod.ts", "index.ts"],
    ...["run/scenario/parsed-scenario.ts", "run/scenario/scenario-shape.ts", "run/scenario/asked-flows.ts"],
  ],
  parseWho: ["model/flow-who.ts", "model/flow-text.ts"],
  parseFlowSet: [
    ...["model/flow-set-text.ts", "cli/arguments/restriction.ts", "contract/contract-references.ts", "index.ts"],
    ...["analysis/proof/written-property.ts", "run/scenario/asked-flows.ts"],
  ],
  parseLandingText: [
    ...["model/landing-text.ts", "analysis/proof/landing-claim.ts", "run/scenario/parsed-scenario.ts", "index.ts"],
    ...["vitest/pod.ts"],
  ],
  parseScenario: ["run/scenario/parsed-scenario.ts", "run/scenario/scenario-files.ts", "index.ts"],
  // A command line is cut into options and values by its command; the library's parseCapture takes words as well.
  parseArgs: ["meshes/word-tokens.ts"],
  tokenizeWords: [
    ...["cli/arguments/options.ts", "cli/arguments/mesh-words.ts", "meshes/option-words.ts"],
    ...["meshes/istio-1.4/capture.ts", "meshes/word-tokens.ts"],
  ],
  dealWords: ["cli/arguments/cut-words.ts", "cli/arguments/mesh-words.ts"],
  // A mesh's words that come from elsewhere: a scenario, a manifest, an injector. Meshes read tokens.
  cutOptionWords: [
    ...["meshes/option-words.ts", "meshes/annotated-words.ts", "index.ts"],
    ...["istio", "istio-1.4", "istio-ambient", "kuma", "linkerd"].map((mesh) => `meshes/${mesh}/manifest.ts`),
    ...["run/scenario/named-shape.ts", "run/scenario/parsed-scenario.ts"],
    ...["cli/arguments/default-settings.ts", "cli/output/first-scenario.ts", "vitest/rule-source.ts"],
  ],
};
/** A call by which a command cuts its words. */
const CUTTING =
  /\b(parseOptions|readOptions|readCaptureWords|readCaptureCommand|readAnalysisInput|readVerifyOptions|cutCommandWords)\(\s*args\b(?!:)/g;
const LINES_AT_MOST = 200;
const LINES_WITH_A_REASON = 400;
/** Columns of a line of comment; the formatter does not wrap comments. */
const COLUMNS_AT_MOST = 140;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  const dynamic = text.matchAll(/\bimport\(\s*(?:\/\*[^*]*\*\/\s*)?"([^"]+)"\s*\)/g);
  return [
    ...[...statements].map((found) => ({ from: file, to: found[2] ?? "", typeOnly: found[1] !== undefined })),
    ...[...dynamic].map((found) => ({ from: file, to: found[1] ?? "", typeOnly: false })),
  ].map((found) => ({ ...found, to: found.to.startsWith(".") ? join(dirname(file), found.to) : found.to }));
}

/** The names that a file exports for itself; what it passes on from another file is not among them. */
function listExports(file: string): readonly string[] {
  const text = readFileSync(join(root, file), "utf8");
  const declared = text.matchAll(
    /^export (?:(?:async|abstract|declare) )*(?:function\*?|class|const|let|interface|type) (\w+)/gm,
  );
  return [...declared].map(([, name = ""]) => name);
}

/** The room of a file, or null for a file that stands in `harness/` itself. */
function roomOf(file: string): string | null {
  const parts = file.split("/");
  return parts[0] === "harness" && parts.length > 2 ? (parts[1] ?? null) : null;
}

function isAllowed({ from, to, typeOnly }: Import): boolean {
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === null || other === room || to === "harness/errors.ts") return true;
  if (!to.startsWith("harness/")) return true;
  const allowed = ROOMS[room] ?? [];
  return other !== null && (allowed.includes(other) || (typeOnly && allowed.includes(`types:${other}`)));
}

/** Says whether a line begins what a `switch` does otherwise; a key or a type's member of that name has a value behind it. */
function isDefaultCase(line: string): boolean {
  const [, rest] = /^\s*(?:case\s.*:\s*)?default\s*:\s*(.*)$/.exec(line) ?? [];
  return (
    rest !== undefined &&
    /^(\{\s*)?(\/\/.*)?$|^(return|throw|break|continue|if|for|while|switch)\b|^[\w.]+\(.*\);$/.test(rest)
  );
}

/** A table is exhaustive by its type, `{ readonly [K in Kind]: … }`, or by `satisfies Record<Kind, …>` at its end. */
function isExhaustive(text: string, table: string): boolean {
  const body = new RegExp(`^const ${table}(:[^=]*)? = \\{[^]*?^\\}(.*);$`, "m").exec(text);
  return /\[K in Kind\]/.test(body?.[1] ?? "") || /^ satisfies Record</.test(body?.[2] ?? "");
}

/** Says whether a file names something in its code; comments may speak of it. */
function namesInCode(file: string, name: string): boolean {
  const code = readFileSync(join(root, file), "utf8").replace(/^\s*(\/\/|\/?\*).*$/gm, "");
  return new RegExp(`\\b${name}\\b`).test(code);
}

/** Says whether a docstring begins with a sentence: at least five words before its example, with a full stop. */
function isSentence(docstring: string): boolean {
  const [said = ""] = docstring.split(/^@/m);
  return said.split(/\s+/).length >= 5 && /[.:](\s|$)/.test(said);
}

const files = sourceFiles("harness");
const outsideFiles = ["scenarios", "test", "images"].flatMap(sourceFiles);
const imports = files.flatMap(importsOf);
const exported = listExportedThings(root, files);
/** What the public library passes on, by the file that declares it. */
const passedOn = new Map(
  ["harness/index.ts", "harness/vitest/index.ts"].flatMap((door) => [...listPassedOn(root, door)]),
);

describe("the rules of the source tree", () => {
  test("every folder of harness/ is in the table of rooms, and every room in the table exists", () => {
    const rooms = [...new Set(files.map(roomOf).filter((room) => room !== null))].sort();
    expect(rooms).toEqual(Object.keys(ROOMS).sort());
  });

  test("every folder of a large room is in ARCHITECTURE.md", () => {
    const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
    // `room/folder`, of every folder of a room that is not a mesh's.
    const folders = files.map((file) => dirname(file).split("/").slice(1, 3)).filter((parts) => parts.length === 2);
    const wanted = new Set(folders.filter(([room]) => room !== "meshes").map((parts) => parts.join("/")));
    const named = new Set([...text.matchAll(/`(?:harness\/)?(\w+\/[\w-]+)`/g)].map(([, folder]) => folder));
    expect([...wanted].filter((folder) => !named.has(folder))).toEqual([]);
    for (const room of ["analysis", "cli", "run", "sandbox"]) {
      const loose = readdirSync(join(root, "harness", room)).filter((name) => name.endsWith(".ts"));
      expect([room, loose.length <= 20]).toEqual([room, true]);
    }
  });

  test("files import only from rooms that the table allows", () => {
    expect(imports.filter((found) => !isAllowed(found)).map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test("packages that most runs do without are loaded when they are asked for", () => {
    const early = /^import (?!type\b).*from "(yaml|ajv|string-width)["/]/m;
    // Only `merge` checks reports, and it checks some each time.
    expect(files.filter((file) => early.test(readFileSync(join(root, file), "utf8")))).toEqual([
      "harness/load/report-check.ts",
    ]);
  });

  test("texts that people write are parsed where they come in, and nowhere else", () => {
    const found = Object.keys(READERS).map((name) => [
      name,
      files.filter((file) => namesInCode(file, name)).toSorted(),
    ]);
    const allowed = Object.entries(READERS).map(([name, homes]) => [
      name,
      homes.map((home) => `harness/${home}`).toSorted(),
    ]);
    expect(found).toEqual(allowed);
  });

  test("every command tokenises its arguments once", () => {
    const commands = files.filter((file) => file.startsWith("harness/cli/commands/") && namesInCode(file, "args"));
    const cuts = (file: string) => [...readFileSync(join(root, file), "utf8").matchAll(CUTTING)].length;
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.filter((file) => cuts(file) !== 1)).toEqual([]);
  });

  test("the text of a flow is rendered in one file", () => {
    // Two end points with an arrow between them are no flow, and a type makes no text.
    const endPoints = ["sandbox/envoy/real-envoy.ts", "cli/explain/text.ts", "run/rules/ways.ts"];
    const others = [...endPoints, "vitest/words.ts"].map((file) => `harness/${file}`);
    const makers = files.filter(
      (file) => / -> \$\{/.test(readFileSync(join(root, file), "utf8")) && !others.includes(file),
    );
    expect(makers).toEqual(["harness/model/flow-spec.ts"]);
  });

  test("the table of rooms allows no import that no file uses", () => {
    const used = new Set(imports.map(({ from, to }) => `${roomOf(from)}>${roomOf(to)}`));
    const stale = Object.entries(ROOMS).flatMap(([room, others]) =>
      others
        .filter((other) => !used.has(`${room}>${other.replace("types:", "")}`))
        .map((other) => `${room} needs no ${other}`),
    );
    expect(stale).toEqual([]);
  });

  test("there is no import cycle, types included", () => {
    expect(findCycle(imports.filter((found) => found.to.startsWith("harness/")))).toBeNull();
  });

  test("no two files export the same name", () => {
    // The agent runs apart and shares no code: these two say the same as their namesakes.
    const twins = ["describeError", "renderEndpoint"];
    const exporters = Map.groupBy(
      files.flatMap((file) => listExports(file).map((name) => ({ name, file }))),
      ({ name }) => name,
    );
    const shared = [...exporters].flatMap(([name, found]) => {
      const homes = [...new Set(found.map(({ file }) => file))];
      // Meshes are built alike, and none sees the names of another: each has its own `makeContract`.
      const meshes = new Set(homes.map((file) => /^harness\/meshes\/([^/]+)\//.exec(file)?.[1] ?? null));
      const areMeshes = meshes.size === homes.length && !meshes.has(null);
      return homes.length < 2 || areMeshes || twins.includes(name) ? [] : [`${name}: ${homes.join(", ")}`];
    });
    expect(shared).toEqual([]);
  });

  test("no file is longer than its limit", () => {
    const tooLong = files.flatMap((file) => {
      const lines = readFileSync(join(root, file), "utf8").split("\n");
      const cap = /^\/\/ Long because /.test(lines[0] ?? "") ? LINES_WITH_A_REASON : LINES_AT_MOST;
      return lines.length - 1 > cap ? [`${file}: ${lines.length - 1} lines, cap ${cap}`] : [];
    });
    expect(tooLong).toEqual([]);
  });

  test("no comment line is wider than its limit", () => {
    const tooWide = [...files, ...outsideFiles].flatMap((file) =>
      readFileSync(join(root, file), "utf8")
        .split("\n")
        .flatMap((line, i) =>
          /^\s*(\/\/|\/?\*)/.test(line) && line.length > COLUMNS_AT_MOST
            ? [`${file}:${i + 1}: ${line.length} columns`]
            : [],
        ),
    );
    expect(tooWide).toEqual([]);
  });

  test("every exported value is imported somewhere", () => {
    const known = new Map<string, number>();
    for (const file of [...files, ...outsideFiles])
      for (const word of new Set(readFileSync(join(root, file), "utf8").match(/\w+/g)))
        known.set(word, (known.get(word) ?? 0) + 1);
    const unused = files.flatMap((file) =>
      [...readFileSync(join(root, file), "utf8").matchAll(/^export (?:async )?(?:function\*?|class|const) (\w+)/gm)]
        .filter(([, name = ""]) => (known.get(name) ?? 0) < 2)
        .map(([, name]) => `${file}: ${name}`),
    );
    expect(unused).toEqual([]);
  });

  test("a switch names every kind: there is no `default:` outside formats", () => {
    // The words of rules' texts are without end: the formats turn those that they do not know into the kind "unknown".
    const found = files
      .filter((file) => roomOf(file) !== "formats")
      .flatMap((file) =>
        readFileSync(join(root, file), "utf8")
          .split("\n")
          .flatMap((line, i) => (isDefaultCase(line) ? [`${file}:${i + 1}`] : [])),
      );
    expect(found).toEqual([]);
    const cases = ["default:", "    default: {", "default: // else", "default: return x;", "case 1: default: throw e;"];
    expect(cases.filter((line) => !isDefaultCase(line))).toEqual([]);
    const others = [
      '    default: "none",',
      "default: otherwise,",
      "{ default: 1 };",
      "  default: number;",
      "// default: x;",
    ];
    expect(others.filter(isDefaultCase)).toEqual([]);
  });

  test("a table by kind has an entry for every kind, and the compiler checks it", () => {
    const tables = {
      "harness/model/target-traits.ts": ["SIDE_EFFECT_TRAITS", "TARGET_TRAITS"],
      "harness/netfilter/verdict-names.ts": ["VERDICT_NAMES"],
      "harness/netfilter/pod.ts": ["ASKS_CONNECTION"],
      "harness/analysis/diagrams/match-traits.ts": ["MATCH_TRAITS"],
      "harness/analysis/diagrams/target-effects.ts": ["COURSES", "REWRITINGS"],
      "harness/formats/side-effect-targets.ts": ["WRITINGS"],
      "test/property/arbitrary-rule.ts": ["GROUPS"],
      "test/property/arbitrary-target.ts": ["TARGETS", "SIDE_EFFECTS"],
      "test/unit/analysis/traits.test.ts": ["MATCHES", "TARGETS", "SIDE_EFFECTS"],
    };
    const loose = Object.entries(tables).flatMap(([file, names]) => {
      const text = readFileSync(join(root, file), "utf8");
      return names.filter((name) => !isExhaustive(text, name)).map((name) => `${file}: ${name}`);
    });
    expect(loose).toEqual([]);
  });

  test("only the table of backends names backends: no other code compares their names", () => {
    const homes = [
      ...["model/backends.ts", "model/report.ts", "sandbox/detect.ts", "sandbox/netns/detection.ts"],
      ...["sandbox/docker/world.ts", "sandbox/netns/world.ts", "sandbox/simulated/simulated.ts"],
    ].map((file) => `harness/${file}`);
    const named = files.flatMap((file) => {
      // An option of Linkerd's has the name of a backend, and one of inspect, as ip has it.
      const options = ["harness/meshes/", "harness/cli/commands/inspect.ts"];
      if (homes.includes(file) || options.some((home) => file.startsWith(home))) return [];
      const text = readFileSync(join(root, file), "utf8").replace(/^import .*$|^\s*(\/\/|\/?\*).*$/gm, "");
      return [...text.matchAll(/["'](docker|netns|simulated)["']/g)].map(([word]) => `${file}: ${word}`);
    });
    expect(named).toEqual([]);
  });

  test("no code decides by the text of a message, and every code of a finding is used", () => {
    // What other programs say has no code: the container engine tells a taken network, V8 the place of a fault in JSON.
    const foreign = ["harness/sandbox/docker/network.ts", "harness/load/json-text.ts"];
    const asked =
      /\b(message|cause)\)?\??(\.(includes|startsWith|endsWith|match|search|replace|split)\(|\s*[!=]==?\s*["'`A-Z])|\.(test|exec)\((\w+\.)*(message|cause)\)/;
    const deciding = files
      .filter((file) => !foreign.includes(file) && file !== "harness/model/finding.ts")
      .flatMap((file) => {
        const text = readFileSync(join(root, file), "utf8");
        return text.split("\n").flatMap((line, i) => (asked.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : []));
      });
    expect(deciding).toEqual([]);
    const homes = ["harness/model/finding-codes.ts", "harness/model/blind-codes.ts"];
    const given = files
      .filter((file) => !homes.includes(file))
      .map((file) => readFileSync(join(root, file), "utf8"))
      .join("");
    expect([...FINDING_CODES, ...BLIND_CODES].filter((code) => !given.includes(`"${code}"`))).toEqual([]);
  });

  test("only certain rooms do I/O, start processes, print or exit", () => {
    const breaches = files.flatMap((file) => {
      const room = roomOf(file) ?? "";
      const text = readFileSync(join(root, file), "utf8");
      const modules = importsOf(file)
        .filter((found) => !found.typeOnly)
        .map((found) => found.to);
      return [
        ...modules.filter((m) => /^node:(fs|net|worker_threads|http|os|dns)/.test(m) && !WET_ROOMS.includes(room)),
        ...modules.filter((m) => m === "node:child_process" && !SPAWNING_ROOMS.includes(room)),
        ...(/process\.(stdout|exit\b|exitCode)|console\./.test(text) && !["cli", "agent"].includes(room)
          ? ["prints or exits"]
          : []),
      ].map((what) => `${file}: ${what}`);
    });
    expect(breaches).toEqual([]);
  });

  test("every export has a docstring of at least a sentence", () => {
    expect(exported.length).toBeGreaterThan(2000);
    const bare = exported.filter(({ docstring }) => docstring === null || !isSentence(docstring));
    expect(bare.map(({ file, line, name }) => `${file}:${line}: ${name}`)).toEqual([]);
    const sentences = ["Gives the port.", "Gives `a.b`", "Nothing at all.", "The ports of a pod, in order."];
    expect(sentences.filter(isSentence)).toEqual(["The ports of a pod, in order."]);
  });

  test("every function of the public library has an example", () => {
    const isPublic = ({ file, name }: ExportedThing) => passedOn.get(file)?.includes(name) ?? false;
    const functions = exported.filter((each) => each.kind === "function" && isPublic(each));
    expect(functions.length).toBeGreaterThan(30);
    const without = functions.filter(({ docstring }) => !docstring?.includes("@example"));
    expect(without.map(({ file, line, name }) => `${file}:${line}: ${name}`)).toEqual([]);
  });

  test("every docstring names the codes and errors that its own function throws", () => {
    const silent = exported.flatMap(({ file, line, name, untoldThrows }) =>
      untoldThrows.map((what) => `${file}:${line}: ${name} throws ${what}`),
    );
    expect(silent).toEqual([]);
    const [one] = readExports(
      "a.ts",
      '/** Adds. */\nexport function a() { if (b) throw new LandfallError("internal", ""); }',
    );
    expect(one?.untoldThrows).toEqual(["internal"]);
  });
});

function findCycle(edges: readonly Import[]): readonly string[] | null {
  const next = Map.groupBy(edges, (edge) => edge.from);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const edge of next.get(file) ?? []) {
      const cycle = visit(edge.to, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return null;
  };
  for (const file of next.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return null;
}
