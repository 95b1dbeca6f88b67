import type { Ruleset } from "../model/ruleset.ts";
import { MESHES, type NamedMesh } from "./meshes.ts";

/** A mesh that rules look like, and what of them does: `{ mesh: linkerd, names: ["PROXY_INIT_OUTPUT"] }`. */
export interface LikelyMesh {
  readonly mesh: NamedMesh;
  /** Names of chains, and of tables of nft, that only that mesh makes, or that it shares with others. */
  readonly names: readonly string[];
}

/**
 * Gives the mesh whose chains rules have, where it is another than the one named: one that makes more of their chains than it, and than all
 * others; null where rules have no mesh's chains, have as many of the named one's, or where two would do.
 *
 * @example
 * findLikelyMesh([ruleset], "istio-1.4")?.mesh.name   // "linkerd"
 */
export function findLikelyMesh(rulesets: readonly Ruleset[], named: string): LikelyMesh | null {
  const names = new Set(rulesets.flatMap(listNames));
  const all = rulesets.flatMap(({ tables }) => tables.flatMap((table) => table.chains));
  const rated = MESHES.map((mesh) => {
    const { chains, nftTables = [], tells } = mesh.traces;
    const own = [...chains, ...nftTables].filter((name) => names.has(name));
    const isTold = tells !== undefined && all.some(({ name, rules }) => rules.some((rule) => tells(name, rule)));
    return { mesh, names: [...new Set(own)], points: own.length + (isTold ? 1 : 0) };
  });
  const inOrder = rated.toSorted((a, b) => b.points - a.points);
  const [best, next] = inOrder;
  const isKnown = rated.some(({ mesh }) => mesh.name === named);
  if (!isKnown || best === undefined || best.mesh.name === named || best.points === (next?.points ?? 0)) return null;
  return { mesh: best.mesh, names: best.names };
}

function listNames({ tables }: Ruleset): readonly string[] {
  return tables.flatMap(({ source, name, chains }) =>
    source === "nft" ? [name] : chains.filter(({ base }) => base === null).map((chain) => chain.name),
  );
}
