import type { Landing } from "./landing.ts";
import type { PodShape } from "./pod-shape.ts";

/**
 * Gives a landing outside the pod in the words of the pod's shape: a host beside the usual ones by its name instead of `upstream`, and a
 * listener that the shape puts on another host by its own. `changed` replaces fields of the landing that are named.
 *
 * @example
 * nameRemote(upstream3128At10.244.0.9, shape) // { host: "filter", listener: "cage-proxy", port: 3128, … }
 */
export function nameRemote(landing: Landing, shape: PodShape, changed: Partial<Landing> | null = null): Landing {
  const { kind, host, address, port } = landing;
  const isSomebodys = kind === "listener" || kind === "replied";
  // Most flows land in the pod or nowhere.
  if (!isSomebodys || (host !== "upstream" && host !== "client"))
    return changed === null ? landing : { ...landing, ...changed };
  const further = Object.entries(shape.hosts).find(([, own]) => own[4] === address || own[6] === address)?.[0];
  const at = further ?? host;
  if (kind === "replied") return { ...landing, host: at, ...changed };
  const named = shape.listeners.find(
    (listener) =>
      listener.host === at && listener.port === port && (listener.address === null || listener.address === address),
  );
  return { ...landing, host: at, listener: named?.name ?? further ?? landing.listener, ...changed };
}
