import { codedFinding, type Finding } from "../../model/finding.ts";
import { annotationPath, readAnnotatedWords, replaceTokens, showTokens } from "../annotated-words.ts";
import type { ManifestReader, ManifestReading, ManifestSource } from "../manifest.ts";
import { findContainer, findContainers, findHints, findMarks } from "../manifest-evidence.ts";
import type { ManifestPath, PodManifest } from "../manifest-pod.ts";
import { readToolVariables } from "../manifest-variables.ts";
import { readProgramWords } from "../manifest-words.ts";
import { cutOptionWords, readOptionWords } from "../option-words.ts";
import { makeOptionToken, type NamedOption, type OptionToken, type WordToken } from "../word-tokens.ts";
import { CONFIG_ANNOTATION, cleanConfig, KUMA_ANNOTATIONS } from "./annotations.ts";
import { KUMA_OPTIONS } from "./options.ts";
import { readYaml } from "./yaml.ts";

const INIT = "kuma-init";
/** What the injector writes of the command behind the program's name, kumactl. */
const NAMING = ["install", "transparent-proxy"];
const INJECTION = "kuma.io/sidecar-injection";
/** Where the injector mounts the annotation's file, and the one of a ConfigMap (pkg/plugins/runtime/k8s/webhooks/injector/injector.go). */
const CONFIG_FLAGS = ["config", "config-file"];
const CUSTOM = "/tmp/transparent-proxy/custom";

/** Arguments of older releases: of the same meaning under another name, or of none any more. */
const OLDER_FLAGS: readonly (NamedOption & { readonly now: string | null })[] = [
  { name: "kuma-dp-uid", value: "UID", now: "kuma-dp-user" },
  { name: "redirect-inbound-port-v6", value: "PORT", now: null },
  { name: "skip-resolv-conf", value: null, now: null },
];
/** What is not among the options of today's tool, and must be known to cut the arguments. */
const OTHER_FLAGS: readonly NamedOption[] = [...CONFIG_FLAGS.map((name) => ({ name, value: "FILE" })), ...OLDER_FLAGS];

/** What the tool itself reads where it has a file of settings (pkg/config/loader.go). */
const VARIABLES = KUMA_OPTIONS.flatMap(({ variable }) => variable ?? []);

/** Reads the settings of Kuma's transparent proxy from a pod's manifest. */
export const KUMA_MANIFEST: ManifestReader = {
  annotations: [
    { name: CONFIG_ANNOTATION, setting: null, help: "the whole file of settings, written by the injector" },
    ...KUMA_ANNOTATIONS,
  ],
  proxyContainers: ["kuma-sidecar"],
  findEvidence: (pod) => {
    const made = [
      ...findContainers(pod, [INIT, "kuma-validation", "kuma-sidecar"]),
      ...findMarks(pod, "kuma.io/sidecar-injected", ["true"], "sure"),
    ];
    const isOff = [pod.labels, pod.annotations].some((marks) =>
      ["disabled", "false"].includes(marks.get(INJECTION) ?? ""),
    );
    if (made.length > 0 || isOff) return made;
    return [
      ...findMarks(pod, INJECTION, ["enabled", "true"], "sure"),
      ...findHints(
        pod,
        KUMA_ANNOTATIONS.map(({ name }) => name),
      ),
    ];
  },
  read: readManifest,
};

function readManifest(pod: PodManifest): ManifestReading {
  const init = findContainer(pod, [INIT]);
  const given = readProgramWords(pod, init, NAMING);
  if (given.findings.length > 0) return { findings: given.findings, settings: null };
  const args = readArguments(given.words);
  const text = pod.annotations.get(CONFIG_ANNOTATION);
  const config = text === undefined ? null : cleanConfig({ path: `${pod.file}, ${CONFIG_ANNOTATION}`, text });
  const fields = config === null ? new Map<string, readonly string[]>() : readYaml(config).texts;
  const values = new Map([
    ...[...fields].map(([setting, texts]) => [setting, { flag: setting, texts }] as const),
    ...readOptionWords(args.tokens, KUMA_OPTIONS).values,
  ]);
  const called = config === null ? `the init container ${INIT}` : `the annotation ${CONFIG_ANNOTATION}`;
  const path = config === null ? given.path : annotationPath(CONFIG_ANNOTATION);
  const made = config === null && init === null ? null : { values, called, path };
  const wins = `In the cluster ${called} counts: Kuma's injector reads the other annotations only when it makes the pod.`;
  const read = readAnnotatedWords(pod, { options: KUMA_OPTIONS, annotations: KUMA_ANNOTATIONS, made, wins });
  const variables = readToolVariables(pod, init, config === null ? [] : VARIABLES);
  const hidden = [...(init === null ? [] : findHidden(pod, given.path, args, config !== null)), ...variables.findings];
  const findings = [...read.findings, ...hidden];
  if (hidden.length > 0) return { findings, settings: null };
  const tokens = made === null ? replaceTokens([], read.tokens, KUMA_OPTIONS) : args.tokens;
  const sources = [
    ...describe(tokens, { path: given.path, config: config?.text ?? null, isMade: made !== null }),
    ...variables.sources,
    ...read.sources,
  ];
  return { findings, settings: { tokens, config, environment: variables.environment, sources } };
}

function describe(
  tokens: readonly WordToken[],
  given: {
    /** Where the arguments stand. */
    readonly path: ManifestPath;
    readonly config: string | null;
    readonly isMade: boolean;
  },
): readonly ManifestSource[] {
  const { path, config, isMade } = given;
  if (!isMade) {
    const says =
      "no init container kuma-init, so the settings are kumactl's own defaults with the pod's annotations; what the control plane sets beside them is not in this manifest";
    return [{ says: `${says}: ${showTokens(tokens)}`, path: null }];
  }
  return [
    ...(config === null
      ? []
      : [{ says: `settings of the annotation ${CONFIG_ANNOTATION}`, path: annotationPath(CONFIG_ANNOTATION) }]),
    ...(tokens.length === 0 ? [] : [{ says: `arguments of the init container ${INIT}: ${showTokens(tokens)}`, path }]),
  ];
}

interface Arguments {
  /** Those that the tool of today takes. */
  readonly tokens: readonly WordToken[];
  /** Files of settings that the tool is told to read in the container. */
  readonly files: readonly string[];
}

function readArguments(words: readonly string[]): Arguments {
  const cut = cutOptionWords(words, KUMA_OPTIONS, OTHER_FLAGS);
  const isConfig = (token: WordToken) => token.kind === "option" && CONFIG_FLAGS.includes(token.name);
  const files = cut.flatMap((token) => (token.kind === "option" && isConfig(token) ? [token.value ?? ""] : []));
  const tokens = cut.flatMap((token) => {
    if (isConfig(token)) return [];
    return token.kind === "option" ? renewFlag(token) : [token];
  });
  return { tokens, files };
}

function renewFlag(token: OptionToken): readonly WordToken[] {
  const older = OLDER_FLAGS.find(({ name }) => name === token.name);
  if (older === undefined) return [token];
  const { now } = older;
  if (now === null) return [];
  return [makeOptionToken(now, token.value ?? "")];
}

/** Settings that the pod has and its manifest does not show. */
function findHidden(
  pod: PodManifest,
  path: ManifestPath,
  { files }: Arguments,
  hasConfig: boolean,
): readonly Finding[] {
  return files.flatMap((file) => {
    // The file of older releases, /tmp/kumactl/config, is kumactl's own and holds no settings of rules.
    const isHidden = file.startsWith(CUSTOM) || (file.startsWith("/tmp/transparent-proxy/") && !hasConfig);
    const message = `${INIT} reads ${file}, and the text of that file is not in this manifest; give it with --mesh kuma --mesh-config FILE.`;
    return isHidden ? [codedFinding("missing-value", pod.file, message, pod.lineOf(path))] : [];
  });
}
