import { canonicalAddress, parseEndpoint } from "../model/address.ts";
import type { Identity } from "../model/contract.ts";
import type { Dials, ListenerShape, OwnerPattern, PodShape } from "../model/pod-shape.ts";
import type { ContractData, ListenerData, ProxyData } from "./contract-data.ts";

const ROOT: Identity = { uid: 0, gid: 0, mark: 0 };

/**
 * Gives the pod that a contract describes: its proxies, its listeners and the hosts beside it. A field that the file leaves out gets the
 * default that `docs/contracts.md` names.
 */
export function shapeOf({
  proxies = [],
  listeners = [],
  hosts = {},
  resolvers = [],
  passThrough,
}: ContractData): PodShape {
  const dialsOf = (name: string | undefined): Dials => {
    const proxy = proxies.find((each) => each.name === name);
    return proxy ? readDials(proxy.dials ?? "original") : { kind: "nothing" };
  };
  return {
    proxies: proxies.map((proxy) => ({
      name: proxy.name,
      owners: proxy.owner.map(readOwner),
      runsAs: identityOf(proxy),
      dials: readDials(proxy.dials ?? "original"),
    })),
    listeners: listeners.map((listener) => makeListener(listener, dialsOf(listener.proxy), ownerOf(listener, proxies))),
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([name, { ip4, ip6 }]) => [name, { 4: canonical(ip4), 6: canonical(ip6) }]),
    ),
    links: [],
    resolvers: resolvers.map(canonical),
    passThrough: { 4: passThrough === undefined ? null : canonical(passThrough), 6: null },
  };
}

function readOwner({ uid, gid, mark }: NonNullable<ContractData["proxies"]>[number]["owner"][number]): OwnerPattern {
  const single = (id: number | undefined) => (id === undefined ? null : { first: id, last: id });
  return { uid: single(uid), gid: single(gid), mark: mark === undefined ? null : { value: mark, mask: 0xffffffff } };
}

function ownerOf({ proxy }: ListenerData, proxies: NonNullable<ContractData["proxies"]>): Identity {
  const found = proxies.find(({ name }) => name === proxy);
  return found ? identityOf(found) : ROOT;
}

function makeListener(listener: ListenerData, dials: Dials, owner: Identity): ListenerShape {
  const { name, role, proxy = null, protocols = ["tcp"], port, mode = "redirect", host = "pod", address } = listener;
  const own = address === undefined ? null : canonical(address);
  const toPod = listener.toPod ?? "like-others";
  const next = dials.kind === "original" ? { ...dials, own: toPod } : dials;
  return { name, role, proxy, protocols, port, host, address: own, owner, mode, dials: next };
}

function readDials(text: string): Dials {
  if (text === "nothing") return { kind: "nothing" };
  const end = parseEndpoint(text);
  return end ? { kind: "fixed", ...end } : { kind: "original", own: "like-others" };
}

function canonical(text: string): string {
  return canonicalAddress(text) ?? text;
}

/** Gives what a proxy runs as in a sandbox: the first of its owners; what that leaves open is 0. */
function identityOf({ owner }: ProxyData): Identity {
  const { uid = 0, gid = 0, mark = 0 } = owner[0] ?? {};
  return { uid, gid, mark };
}
