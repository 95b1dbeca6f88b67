import { type Family, familyOf } from "../../model/address.ts";
import type { EnvoySettings } from "./bootstrap.ts";

/** One of Envoy's listeners, for one family. */
export interface EnvoyListener {
  readonly name: "envoy-outbound" | "envoy-inbound";
  readonly port: number;
  readonly family: Family;
  /** `transparent`: IP_TRANSPARENT, as TPROXY needs. */
  readonly kind: "plain" | "transparent";
}

/** Where connections to the pod's own addresses go, at one port or, with null, at every other. */
export interface Chain {
  /** The cluster's name without its family. */
  readonly cluster: string;
  readonly port: number | null;
}

/**
 * Reads SO_ORIGINAL_DST. Istio's listeners say `use_original_dst`, which does the same and then hands the connection over to whichever
 * listener stands at the original destination; here it stays with the one that took it, so that the log tells who did.
 */
const ORIGINAL_DESTINATION = {
  name: "envoy.filters.listener.original_dst",
  typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst" },
};

/** Gives a listener that follows the original destination: chains for the pod's own addresses, everything else goes elsewhere. */
export function makeListener(listener: EnvoyListener, chains: readonly Chain[], settings: EnvoySettings): object {
  const { name, port, family, kind } = listener;
  return {
    name: `${name}-${family}`,
    address: { socket_address: { address: family === 4 ? "0.0.0.0" : "::", port_value: port } },
    listener_filters: [ORIGINAL_DESTINATION],
    transparent: kind === "transparent",
    filter_chains: chains.map((chain) => ({
      filter_chain_match: {
        prefix_ranges: ownRanges(family, settings),
        ...(chain.port === null ? {} : { destination_port: chain.port }),
      },
      filters: [makeTcpProxy(chain.cluster, listener, settings)],
    })),
    default_filter_chain: { filters: [makeTcpProxy("elsewhere", listener, settings)] },
  };
}

function ownRanges(family: Family, { podAddresses }: EnvoySettings): readonly object[] {
  const loopback = family === 4 ? [{ address_prefix: "127.0.0.0", prefix_len: 8 }] : ["::1", "::6"].map(hostRange);
  return [...loopback, ...podAddresses.filter((address) => familyOf(address) === family).map(hostRange)];
}

function hostRange(address: string): object {
  return { address_prefix: address, prefix_len: familyOf(address) === 4 ? 32 : 128 };
}

function makeTcpProxy(cluster: string, listener: EnvoyListener, settings: EnvoySettings): object {
  return {
    name: "envoy.filters.network.tcp_proxy",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
      stat_prefix: cluster,
      cluster: `${cluster}-${listener.family}`,
      max_connect_attempts: 1,
      access_log: [makeAccessLog(listener, settings)],
    },
  };
}

/** The values are Envoy's command operators; `access-log.ts` reads what they give. */
function makeAccessLog({ name, port }: EnvoyListener, { accessLogPath }: EnvoySettings): object {
  return {
    name: "envoy.access_loggers.file",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
      path: accessLogPath,
      log_format: {
        json_format: {
          listener: name,
          port,
          source: "%DOWNSTREAM_REMOTE_ADDRESS%",
          accepted: "%DOWNSTREAM_DIRECT_LOCAL_ADDRESS%",
          destination: "%DOWNSTREAM_LOCAL_ADDRESS%",
          onwardSource: "%UPSTREAM_LOCAL_ADDRESS%",
          flags: "%RESPONSE_FLAGS%",
          failure: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
        },
      },
    },
  };
}
