import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "vitest";
import { renderList } from "../../../harness/formats/list.ts";
import { readNft } from "../../../harness/formats/nft/read-nft.ts";
import { renderNftText } from "../../../harness/formats/nft/write-nft.ts";
import type { Mesh, PodFacts } from "../../../harness/meshes/mesh.ts";
import type { Family } from "../../../harness/model/address.ts";
import type { NameLookups } from "../../../harness/model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { familyKey, type Table } from "../../../harness/model/ruleset.ts";
import { readTyped, type TypedInput } from "../../typed-input.ts";

/** The names of the machine on which the vectors were recorded. */
const NAMES: NameLookups = {
  user: (name) => ({ "consul-dp": 5995, "kuma-dp": 5678, root: 0 })[name] ?? null,
  group: (name) => ({ daemon: 1, root: 0 })[name] ?? null,
  service: (name) => ({ ssh: 22, http: 80, https: 443 })[name] ?? null,
  routeTable: () => null,
};

/** Rules of one family as recorded, lines of `iptables-save` by table. */
type RecordedTables = Readonly<Record<string, readonly string[]>>;

/** What a tool was given, and the kernel state that it left. */
export interface Vector {
  readonly name: string;
  readonly inputs: {
    readonly flags?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly config?: unknown;
    readonly yaml?: string;
  };
  readonly addresses: readonly string[];
  readonly resolv: string;
  readonly rc: number;
  readonly bad?: boolean;
  /** What lo has afterwards: `::6/128`. */
  readonly lo_addrs?: readonly string[];
  readonly iptables_nft?: RecordedTables;
  readonly ip6tables_nft?: RecordedTables;
  readonly iptables_legacy?: RecordedTables;
  readonly ip6tables_legacy?: RecordedTables;
  /** What `nft -j list ruleset` printed, handles aside. */
  readonly nft_json?: { readonly nftables: readonly unknown[] };
}

/** Reads the vectors of one tool from `test/golden`. */
export function readVectors(file: string): readonly Vector[] {
  const path = resolve(import.meta.dirname, "../../golden", file);
  return (JSON.parse(readFileSync(path, "utf8")) as { readonly vectors: readonly Vector[] }).vectors;
}

/** What a mesh is told where a vector was recorded. */
export function inputOf({ inputs, addresses, resolv }: Vector): TypedInput {
  const pod: PodFacts = {
    addresses: addresses.map((address) => address.split("/")[0] ?? address),
    own: DEFAULT_ADDRESSES.pod,
    resolvers: [...resolv.matchAll(/^nameserver\s+(\S+)/gm)].map(([, server = ""]) => server),
  };
  const text = inputs.yaml ?? (inputs.config === undefined ? null : JSON.stringify(inputs.config));
  const config = text === null ? null : { path: "config", text };
  return { words: inputs.flags ?? [], environment: inputs.env ?? {}, files: [], config, names: NAMES, pod };
}

/** The `-A` lines by family and table; a family or table without any is not there. */
export type RulesByPlace = Readonly<Record<string, readonly string[]>>;

/** Gives the rules that a vector recorded, whichever variant they are in. */
export function recordedRules(vector: Vector): RulesByPlace {
  const families = [
    ["ip", vector.iptables_nft ?? vector.iptables_legacy],
    ["ip6", vector.ip6tables_nft ?? vector.ip6tables_legacy],
  ] as const;
  return Object.fromEntries(
    families
      .flatMap(([family, tables]) =>
        Object.entries(tables ?? {}).map(([table, lines]) => [
          `${family} ${table}`,
          lines.filter((line) => line.startsWith("-A ")),
        ]),
      )
      .filter(([, lines]) => lines?.length !== 0),
  );
}

/** Gives the rules that a mesh generates for a vector; findings where it refuses the input. */
export function generatedRules<Settings>(mesh: Mesh<Settings>, vector: Vector): RulesByPlace | readonly string[] {
  const input = inputOf(vector);
  const parsed = readTyped(mesh, input);
  if (!parsed.ok) return parsed.findings.map(({ where, message }) => `${where}: ${message}`);
  const rules = mesh.generate(parsed.value.settings, input.pod);
  return Object.fromEntries(
    ([4, 6] as readonly Family[]).flatMap((family) => {
      const ruleset = rules[familyKey(family)];
      return (ruleset?.tables ?? []).flatMap((table) => {
        const lines = ruleset ? renderList(ruleset, table.name).split("\n") : [];
        const added = lines.filter((line) => line.startsWith("-A "));
        return added.length === 0 ? [] : [[`${familyKey(family)} ${table.name}`, added] as const];
      });
    }),
  );
}

/** Gives the nft tables that a vector recorded, in one form for all of landfall's readers: as nft's language has them. */
export function recordedTables({ nft_json: listing }: Vector): readonly string[] {
  return listing === undefined ? [] : listedTables(JSON.stringify(listing));
}

/** Gives the tables of what `nft -j list ruleset` printed in the same form. */
export function listedTables(listing: string): readonly string[] {
  const read = readNft(listing, { where: "recorded", names: NAMES });
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  return renderTables(read.value.tables);
}

/** Gives the nft tables that a mesh generates for a vector as nft's language has them; findings where it refuses the input. */
export function generatedTables<Settings>(mesh: Mesh<Settings>, vector: Vector): readonly string[] | Refused {
  const input = inputOf(vector);
  const parsed = readTyped(mesh, input);
  if (!parsed.ok) return { refused: parsed.findings.map(({ where, message }) => `${where}: ${message}`) };
  const { ip, ip6 } = mesh.generate(parsed.value.settings, input.pod);
  if (ip?.tables !== ip6?.tables) throw new Error("Both families must have the same tables.");
  return renderTables(ip?.tables ?? []);
}

/** Holds a mesh to settings that, written down and read without the vector's variables, are the same settings again. */
export function checkRoundTrip<Settings>(mesh: Mesh<Settings>, vector: Vector): void {
  const input = inputOf(vector);
  const first = readTyped(mesh, input);
  if (!first.ok) throw new Error(JSON.stringify(first.findings));
  const again = readTyped(mesh, { ...input, environment: {}, ...mesh.render(first.value.settings) });
  expect(again.ok ? again.value.settings : again.findings).toEqual(first.value.settings);
}

/** Each table as text, sorted, and what its rules have counted left out. */
function renderTables(tables: readonly Table[]): readonly string[] {
  return tables.map((table) => renderNftText([table]).replace(/ packets \d+ bytes \d+/g, "")).toSorted();
}

/** What a mesh says of input that it refuses. */
interface Refused {
  readonly refused: readonly string[];
}
