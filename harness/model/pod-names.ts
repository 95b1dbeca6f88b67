import type { Identity } from "./contract.ts";
import { vmLinks } from "./pod.ts";
import type { PodShape } from "./pod-shape.ts";

/** Names that actors have in every pod; `app` and `root` live in it. Beside them are those of its proxies, and `uid=N,gid=M`. */
export const USUAL_ACTORS: readonly string[] = ["app", "root", "client", "upstream", "vm"];

/** What a flow may call the first proxy, whatever its name. */
const PROXY_ALIAS = "proxy";

/**
 * Gives every name that an actor of a pod may have: the usual ones, its proxies, `proxy`, its status server, and its further hosts.
 *
 * @example
 * actorNames(shape)   // of Istio's pod ["app", "root", "client", "upstream", "vm", "envoy", "proxy", "status"]
 */
export function actorNames({ proxies, listeners, hosts }: PodShape): readonly string[] {
  const status = listeners.filter(({ role, name }) => role === "status" && name === "status");
  const names = [...proxies.map(({ name }) => name), ...(proxies.length > 0 ? [PROXY_ALIAS] : [])];
  return [...new Set([...USUAL_ACTORS, ...names, ...status.map(({ name }) => name), ...Object.keys(hosts)])];
}

/**
 * Gives every name that a flow's target may have in a pod, without the 6 of IPv6: `vm` only where the pod has an interface for one.
 *
 * @example
 * targetNames(shape)   // ["pod", "upstream", "client", "localhost"]
 */
export function targetNames(shape: PodShape): readonly string[] {
  const vm = vmLinks({ shape }).length > 0 ? ["vm"] : [];
  return ["pod", "upstream", "client", "localhost", ...vm, ...Object.keys(shape.hosts)];
}

/** Gives who an actor is by its name: a proxy, or its status server; null where the pod has none of that name. */
export function identityOf(
  { proxies, listeners }: Pick<PodShape, "proxies" | "listeners">,
  actor: string,
): Identity | null {
  const proxy = actor === PROXY_ALIAS ? proxies[0] : proxies.find(({ name }) => name === actor);
  return proxy?.runsAs ?? listeners.find(({ name, role }) => role === "status" && name === actor)?.owner ?? null;
}

/**
 * Gives every name that a landing's listener may have in a pod: on a further host whoever listens has the host's name.
 *
 * @example
 * listenerNames(shape)   // ["envoy-outbound", "envoy-inbound", "status", "app", "client", "upstream"]
 */
export function listenerNames({ listeners, hosts }: Pick<PodShape, "listeners" | "hosts">): readonly string[] {
  return [...listeners.map(({ name }) => name), "app", "client", "upstream", ...Object.keys(hosts)];
}
