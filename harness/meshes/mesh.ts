import type { Contract } from "../model/contract.ts";
import type { Finding, Parsed } from "../model/finding.ts";
import type { NameLookups } from "../model/name-lookups.ts";
import type { HostAddresses, PodShape } from "../model/pod-shape.ts";
import type { PodRules, Rule } from "../model/ruleset.ts";
import type { ManifestReader } from "./manifest.ts";
import type { WordToken } from "./word-tokens.ts";

/** A file that a mesh's own tool reads, with its text. */
export interface MeshFile {
  readonly path: string;
  readonly text: string;
}

/** A tool's words, one a value, as a person would type them, and its file of settings: `{ words: ["-p", "15001"], config: null }`. */
export interface MeshWords {
  readonly words: readonly string[];
  /** Null where there is none. */
  readonly config: MeshFile | null;
}

/**
 * Everything that a mesh's settings are read from.
 *
 * @example
 * { tokens: cutOptionWords(["-u", "1337"], mesh.options), environment: { ENVOY_PORT: "15001" }, files: [], config: null,
 *   names: NO_LOOKUPS, pod: { addresses: ["10.244.0.2"], own: DEFAULT_ADDRESSES.pod, resolvers: [] } }
 */
export interface MeshInput {
  /** The tool's own words, cut: whoever takes them from a person or a file cuts them, and no mesh does it again. */
  readonly tokens: readonly WordToken[];
  /** The process's variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Files of variables, the stronger first. */
  readonly files: readonly MeshFile[];
  /** What `--mesh-config` gives; null where it is not given. */
  readonly config: MeshFile | null;
  readonly names: NameLookups;
  readonly pod: PodFacts;
}

/**
 * What is known of the pod.
 *
 * @example
 * { addresses: ["10.244.0.2"], own: { 4: "10.244.0.2", 6: "fd00:244::2" }, resolvers: ["10.96.0.10"] }
 */
export interface PodFacts {
  /** The addresses that the generator is told, in order, canonical text: they may decide which families it writes rules for. */
  readonly addresses: readonly string[];
  /** The pod's addresses where flows are driven; it always has one of each family. */
  readonly own: HostAddresses;
  /** The addresses of the host behind the first interface that the settings name beside eth0 and lo; left out if they are not known. */
  readonly behindLink?: HostAddresses;
  /** The servers of the pod's resolv.conf in order, canonical text. */
  readonly resolvers: readonly string[];
}

/**
 * One of a tool's options, and the ways in which a user gives it.
 *
 * @example
 * { setting: "inboundCapturePort", flag: "inbound-capture-port", letter: "z", variable: "INBOUND_CAPTURE_PORT", annotation: null,
 *   value: "PORT", repeats: "last", default: "15006", help: "the port that inbound TCP traffic is redirected to", effect: "rules" }
 */
export interface MeshOption {
  /** The setting's name in code and JSON. */
  readonly setting: string;
  /** The long name without dashes; null where there is none. */
  readonly flag: string | null;
  readonly letter: string | null;
  readonly variable: string | null;
  /** The key of a pod's annotation; null where there is none. */
  readonly annotation: string | null;
  /** The name of its value in help texts; null for a switch. */
  readonly value: string | null;
  /** `last`: of several values the last one counts. `all`: they are put together, and each may be a list with commas. */
  readonly repeats: "last" | "all";
  /** Values for a shell to offer. */
  readonly words?: readonly string[];
  /** The default in words. */
  readonly default: string;
  /** One line of help. */
  readonly help: string;
  /**
   * `rules`: it changes rules. `tool`: it steers the tool itself and is accepted and named in a notice. Otherwise it asks for another
   * action, and the text names the landfall command for that.
   */
  readonly effect: "rules" | "tool" | { readonly instead: string };
  /** Present where its value names the variant of iptables into which `apply` puts the rules: `nft`, `iptables-legacy`. */
  readonly choosesVariant?: true;
  /** Present where it only says of which kind the rules are: given alone, the settings are those that commands take without any option. */
  readonly choosesKind?: true;
}

/** Where a setting's value came from: `{ kind: "flag", name: "-u" }`, `{ kind: "default", name: null }`. */
export interface SettingOrigin {
  readonly kind: "flag" | "file" | "variable" | "config" | "annotation" | "copy" | "default";
  /** The flag, file or variable; null for a default. */
  readonly name: string | null;
}

/** Settings, with where each came from and what is allowed and yet hardly meant. */
export interface ReadSettings<Settings> {
  readonly settings: Settings;
  readonly origins: Readonly<Record<string, SettingOrigin>>;
  readonly warnings: readonly Finding[];
  /** What the words ask for: to apply the rules, only to check the input, or only to show the usage. */
  readonly purpose: "apply" | "check" | "usage";
}

/** What is recognised as a mesh's own in a network namespace, for `apply` and `clean`. */
export interface Traces {
  /** Names of every chain of iptables that it can make: what jumps to one of them is its own too. */
  readonly chains: readonly string[];
  /** Names of the nft tables, of the family `inet`, that it can make; left out where it makes none. */
  readonly nftTables?: readonly string[];
  /** Says where a generated rule goes in a built-in chain that holds other rules as well. */
  placementOf(chain: string, rule: Rule): "top" | "bottom";
  /**
   * Says whether a rule of a built-in chain, as `iptables -S` prints it behind `-A CHAIN`, looks like one it makes without naming a chain
   * of its own.
   */
  looksMade(family: 4 | 6, table: string, chain: string, body: string): boolean;
  /** Says whether a rule of a chain that another mesh makes too tells that it is this mesh's; left out where its chains tell enough. */
  tells?(chain: string, rule: Rule): boolean;
}

/** The tool whose rules a mesh reproduces. */
export interface Reproduced {
  /** `istio/istio`. */
  readonly project: string;
  readonly version: string;
  /** Null where no single commit is meant. */
  readonly commit: string | null;
  /** `2026-08-22`; null where the version says enough. */
  readonly date: string | null;
}

/**
 * All that is specific to one rule generator. A new one is a folder of this room, and a line in the list of meshes. Outside its folder
 * nobody reads a setting.
 */
export interface Mesh<Settings> {
  /** What `--mesh` takes. */
  readonly name: string;
  readonly reproduces: Reproduced;
  /** Every option, in the order of the tool's own help: parsing, help, completion and documents are made from it. */
  readonly options: readonly MeshOption[];
  /** What the mesh's own injector asks for: what commands without settings mean. */
  readonly injected: MeshWords;
  /**
   * `variables`: the injector gives its settings as variables, and one that is set takes the place of the injector's. Left out: as flags,
   * which outweigh variables.
   */
  readonly injectedAs?: "variables";
  /** How flags, files and variables outweigh each other, for help; left out where there is nothing to say. */
  readonly precedence?: string;
  /**
   * Says in a sentence which settings are used where no option is given, and which variables and files change them: those of the injector
   * (`injected`), or the tool's own defaults (`tool`). Left out, landfall names the injector's words.
   */
  readonly describeDefault?: (input: MeshInput, which: "injected" | "tool") => string;
  /**
   * `whole`: without any option the tool runs with its own defaults, and commands that make rules take those. Left out, it lacks
   * what only the injector gives, and the injector's words are taken.
   */
  readonly toolDefaults?: "whole";
  /** `read`: the tool reads files of variables (`--sidecar-env`, `--cluster-env`). Left out, naming such a file is a mistake. */
  readonly variableFiles?: "read";
  /** `there`: the built-in scenarios are about this mesh, and commands without options run them. */
  readonly builtInScenarios?: "there";
  /** `kept`: JSON has the settings also under the names of its first format, `config` and `capture`. Left out, it has no such names. */
  readonly firstFormat?: "kept";
  /** Resolves settings; gives every finding at once. */
  read(input: MeshInput): Parsed<ReadSettings<Settings>>;
  /** Gives the settings as an input that leads to them again; with variables where the tool has no other way to set something. */
  render(settings: Settings): MeshWords & Partial<Pick<MeshInput, "environment">>;
  generate(settings: Settings, pod: PodFacts): PodRules;
  /** Gives what must happen to each connection. Shares no code with {@link Mesh.generate}. */
  contract(settings: Settings, pod: PodFacts): Contract;
  shape(settings: Settings, pod: PodFacts): PodShape;
  /** Gives settings that name the pod's addresses for a pod with others; left out where settings name none. */
  place?(settings: Settings, addresses: readonly string[]): Settings;
  readonly traces: Traces;
  /** What reads settings from manifests of pods; left out where pods say nothing of the mesh. */
  readonly manifest?: ManifestReader;
}
