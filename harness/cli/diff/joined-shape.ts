import type { ListenerShape, PodShape } from "../../model/pod-shape.ts";

/** Gives one pod with the proxies and listeners of two: what flows are told apart by where either one's rules may meet them. */
export function joinShapes(one: PodShape, other: PodShape): PodShape {
  const isAt = (listener: ListenerShape) => `${listener.host} ${listener.port} ${listener.protocols.join()}`;
  const places = new Set(one.listeners.map(isAt));
  // Of two proxies of one name the second is known by its ids alone.
  const names = new Set(one.proxies.map(({ name }) => name));
  return {
    proxies: [...one.proxies, ...other.proxies.filter(({ name }) => !names.has(name))],
    listeners: [...one.listeners, ...other.listeners.filter((listener) => !places.has(isAt(listener)))],
    hosts: { ...other.hosts, ...one.hosts },
    links: [...new Set([...one.links, ...other.links])],
    resolvers: [...new Set([...one.resolvers, ...other.resolvers])],
    passThrough: {
      4: one.passThrough[4] ?? other.passThrough[4],
      6: one.passThrough[6] ?? other.passThrough[6],
    },
  };
}
