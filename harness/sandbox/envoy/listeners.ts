import { addressBits, type Family, familyOf, unspecifiedAddress } from "../../model/address.ts";
import { loopbackAddress, PASS_THROUGH_IPV6 } from "../../model/pod.ts";
import { ACCESS_LOG_OPERATORS } from "./access-log.ts";
import type { EnvoySettings } from "./settings.ts";

/** One of Envoy's listeners, for one family. */
export interface EnvoyListener {
  /** As the pod's shape names it: `envoy-outbound`. */
  readonly name: string;
  readonly port: number;
  readonly family: Family;
  /** `transparent`: IP_TRANSPARENT, as TPROXY needs. */
  readonly kind: "plain" | "transparent";
  /** The mark of its sockets where it dials from the address of the peer whose connection it took; null where it does not. */
  readonly peerMark: number | null;
}

/** Where connections to the pod's own addresses go, at one port or, with null, at every other. */
export interface FilterChain {
  /** The cluster's name without its family. */
  readonly cluster: "closed" | "pass-through" | "elsewhere";
  readonly port: number | null;
  /** `loopback`: the port dialled, at the loopback address. */
  readonly destination?: "loopback";
}

/**
 * Reads SO_ORIGINAL_DST. Istio's listeners say `use_original_dst`, which does the same and then hands the connection over to whichever
 * listener stands at the original destination; here it stays with the one that took it, so that the log tells who did.
 */
const ORIGINAL_DESTINATION = {
  name: "envoy.filters.listener.original_dst",
  typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst" },
};

/** Dials from the peer's address: IP_TRANSPARENT, with a mark. */
function originalSource(mark: number): object {
  const typed_config = {
    "@type": "type.googleapis.com/envoy.extensions.filters.listener.original_src.v3.OriginalSrc",
    mark,
  };
  return { name: "envoy.filters.listener.original_src", typed_config };
}

/** Gives a listener that follows the original destination: chains for the pod's own addresses, everything else goes elsewhere. */
export function makeListener(listener: EnvoyListener, chains: readonly FilterChain[], settings: EnvoySettings): object {
  const { name, port, family, kind, peerMark } = listener;
  return {
    name: `${name}-${family}`,
    address: { socket_address: { address: unspecifiedAddress(family), port_value: port } },
    listener_filters: [ORIGINAL_DESTINATION, ...(peerMark === null ? [] : [originalSource(peerMark)])],
    transparent: kind === "transparent",
    filter_chains: chains.map((chain) => ({
      filter_chain_match: {
        prefix_ranges: ownRanges(family, settings),
        ...(chain.port === null ? {} : { destination_port: chain.port }),
      },
      filters: [
        ...(chain.destination === "loopback" ? [nameLoopback(family)] : []),
        makeTcpProxy(chain.cluster, listener),
      ],
    })),
    default_filter_chain: { filters: [makeTcpProxy("elsewhere", listener)] },
  };
}

function ownRanges(family: Family, { podAddresses }: EnvoySettings): readonly object[] {
  const loopback =
    family === 4
      ? [{ address_prefix: "127.0.0.0", prefix_len: 8 }]
      : [loopbackAddress(6), PASS_THROUGH_IPV6].map(hostRange);
  return [...loopback, ...podAddresses.filter((address) => familyOf(address) === family).map(hostRange)];
}

function hostRange(address: string): object {
  return { address_prefix: address, prefix_len: addressBits(familyOf(address)) };
}

/** Names another destination than the original one to the ORIGINAL_DST cluster behind it. */
function nameLoopback(family: Family): object {
  const address = family === 4 ? loopbackAddress(4) : `[${loopbackAddress(6)}]`;
  const text_format_source = { inline_string: `${address}:%DOWNSTREAM_LOCAL_PORT%` };
  return {
    name: "envoy.filters.network.set_filter_state",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config",
      on_new_connection: [
        { object_key: "envoy.network.transport_socket.original_dst_address", format_string: { text_format_source } },
      ],
    },
  };
}

function makeTcpProxy(cluster: FilterChain["cluster"], listener: EnvoyListener): object {
  return {
    name: "envoy.filters.network.tcp_proxy",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
      stat_prefix: cluster,
      cluster: `${cluster}-${listener.family}`,
      max_connect_attempts: 1,
      access_log: [makeAccessLog(listener)],
    },
  };
}

function makeAccessLog({ name, port }: EnvoyListener): object {
  return {
    name: "envoy.access_loggers.stdout",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
      log_format: { json_format: { listener: name, port, ...ACCESS_LOG_OPERATORS } },
    },
  };
}
