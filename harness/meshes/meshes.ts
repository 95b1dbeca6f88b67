import { familyOf } from "../model/address.ts";
import { type Capture, keepContracts } from "../model/capture.ts";
import type { Finding, Parsed } from "../model/finding.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import type { PodRules } from "../model/ruleset.ts";
import { consul } from "./consul/mesh.ts";
import { istio } from "./istio/mesh.ts";
import { istio14 } from "./istio-1.4/mesh.ts";
import { istioAmbient } from "./istio-ambient/mesh.ts";
import { kuma } from "./kuma/mesh.ts";
import { linkerd } from "./linkerd/mesh.ts";
import type { Mesh, MeshInput, MeshOption, PodFacts, ReadSettings, SettingOrigin } from "./mesh.ts";
import { exemptOwnEnd } from "./own-end.ts";

/** What of a mesh commands see. */
const SHOWN = [
  ...(["name", "reproduces", "options", "injected", "injectedAs", "describeDefault", "precedence", "traces"] as const),
  ...(["toolDefaults", "variableFiles", "builtInScenarios", "manifest"] as const),
] as const satisfies readonly (keyof Mesh<unknown>)[];

/** A mesh of which nobody outside its folder knows the settings. */
export interface NamedMesh extends Pick<Mesh<unknown>, (typeof SHOWN)[number]> {
  /** Reads settings and gives what follows from them; gives every finding at once. `addresses` are those of the sandbox. */
  readonly bind: (input: MeshInput, addresses: SandboxAddresses) => Parsed<BoundSettings>;
}

/**
 * A mesh's settings, read, with what follows from them.
 *
 * @example
 * const bound = mesh.bind(input, DEFAULT_ADDRESSES);
 * if (bound.ok) bound.value.origins["proxyUid"]   // { kind: "flag", name: "-u" }
 */
export interface BoundSettings {
  readonly origins: Readonly<Record<string, SettingOrigin>>;
  readonly warnings: readonly Finding[];
  readonly purpose: ReadSettings<unknown>["purpose"];
  readonly capture: Capture;
  /** The variant of iptables that the tool's options name; null where they name none. */
  readonly variant: "nft" | "legacy" | null;
}

/** Every mesh, the one that commands take without a name first. A new one is a folder of this room and a line here. */
export const MESHES: readonly NamedMesh[] = [
  hideSettings(istio14),
  hideSettings(istio),
  hideSettings(istioAmbient),
  hideSettings(linkerd),
  hideSettings(kuma),
  hideSettings(consul),
];

/**
 * Gives the mesh that every command takes without `--mesh`: the first of {@link MESHES}. Throws a RangeError if there is no mesh at all.
 */
export function defaultMesh(): NamedMesh {
  const [first] = MESHES;
  if (!first) throw new RangeError("There is no mesh.");
  return first;
}

/** Gives the words that choose a mesh on the command line, `["--mesh", "linkerd"]`; none for the one that commands take without a name. */
export function namingWords({ name }: Pick<NamedMesh, "name">): readonly string[] {
  return name === defaultMesh().name ? [] : ["--mesh", name];
}

/**
 * Gives a mesh by the name that `--mesh` takes, or null if there is none with that name.
 *
 * @example
 * findMesh("linkerd")?.options.map(({ flag }) => flag)   // ["incoming-proxy-port", "outgoing-proxy-port", …]
 */
export function findMesh(name: string): NamedMesh | null {
  return MESHES.find((mesh) => mesh.name === name) ?? null;
}

function hideSettings<Settings>(mesh: Mesh<Settings>): NamedMesh {
  const shown = Object.fromEntries(SHOWN.flatMap((key) => (mesh[key] === undefined ? [] : [[key, mesh[key]]])));
  const bind = (input: MeshInput, addresses: SandboxAddresses): Parsed<BoundSettings> => {
    const read = mesh.read(input);
    if (!read.ok) return read;
    const { settings, origins, warnings, purpose } = read.value;
    const capture = makeCapture(mesh, settings, { ...input.pod, own: addresses.pod, behindLink: addresses.vm });
    const variant = findVariant(mesh.options, input);
    return { ok: true, value: { origins, warnings, purpose, capture, variant } };
  };
  return { ...(shown as Pick<Mesh<Settings>, (typeof SHOWN)[number]>), bind };
}

/** The last of several options counts; a variable counts where no word does. */
function findVariant(options: readonly MeshOption[], { tokens, environment }: MeshInput): BoundSettings["variant"] {
  const choosing = options.filter(({ choosesVariant }) => choosesVariant);
  const isChoosing = (name: string) => choosing.some(({ flag }) => flag === name);
  const typed = tokens.flatMap((token) => (token.kind === "option" && isChoosing(token.name) ? token.value : []));
  const set = choosing.map(({ variable }) => (variable === null ? undefined : environment[variable]));
  const text = [...typed.toReversed(), ...set].find((given) => given !== undefined && given !== "");
  return (["nft", "legacy"] as const).find((name) => text?.split(/\W/).includes(name)) ?? null;
}

/**
 * Gives what settings of a mesh say of a pod: its rules, its contract and its shape, and the words that lead to the same settings again.
 * Rules are made when they are first asked for, and the contract once for each set of addresses.
 */
export function makeCapture<Settings>(mesh: Mesh<Settings>, settings: Settings, facts: PodFacts): Capture {
  let generated: PodRules | null = null;
  const { addresses: podIps } = facts;
  const placed = mesh.place?.(settings, podIps) ?? settings;
  const { words, config, environment = {} } = mesh.render(placed);
  return {
    mesh: mesh.name,
    settings: placed,
    ...(mesh.firstFormat === undefined ? {} : { firstFormat: mesh.firstFormat }),
    podIps,
    shape: mesh.shape(placed, facts),
    get generated() {
      generated ??= mesh.generate(placed, facts);
      return generated;
    },
    words: {
      words: [...words, ...wordsOf(mesh.name, podIps, config)],
      environment: dropUnset(environment),
      files: config === null ? {} : { [CONFIG_FILE]: config.text },
    },
    contractFor: keepContracts(({ pod, vm }) =>
      exemptOwnEnd(mesh.contract(placed, { ...facts, own: pod, behindLink: vm })),
    ),
    placeIn: ({ pod, vm }) =>
      makeCapture(mesh, placed, {
        ...facts,
        addresses: podIps.map((address) => pod[familyOf(address)]),
        own: pod,
        behindLink: vm,
      }),
  };
}

function dropUnset(environment: MeshInput["environment"]): Readonly<Record<string, string>> {
  const set = Object.entries(environment).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, text] as const],
  );
  return Object.fromEntries(set);
}

/** How the file of settings is called that some meshes take. */
const CONFIG_FILE = "mesh-config.yaml";

/** landfall's own words beside the tool's. */
function wordsOf(name: string, podIps: readonly string[], config: MeshInput["config"]): readonly string[] {
  return [
    ...["--mesh", name],
    ...(config === null ? [] : ["--mesh-config", CONFIG_FILE]),
    ...["--pod-ip", podIps.join(",")],
  ];
}
