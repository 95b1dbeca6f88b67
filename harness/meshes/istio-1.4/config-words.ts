import type { CaptureConfig } from "./config.ts";

/** A capture config as a command is given it: words, and the variables for what has no flag. */
export interface ConfigWords {
  /** Istio's flags, one word an element. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Gives the words that make a capture config, every setting among them, so that no default and no environment variable has any effect.
 * Parsing them again gives the same config.
 */
export function renderConfigWords(config: CaptureConfig): ConfigWords {
  const list = (values: "*" | readonly string[]) => (values === "*" ? "*" : values.join(","));
  return {
    words: [
      ...["-p", `${config.proxyPort}`, "-z", `${config.inboundCapturePort}`],
      ...["-u", list(config.proxyUid), "-g", list(config.proxyGid), "-m", config.interceptionMode],
      ...["-b", list(config.inboundPortsInclude), "-d", list(config.inboundPortsExclude)],
      ...["-i", list(config.outboundIpRangesInclude), "-x", list(config.outboundIpRangesExclude)],
      ...["-o", list(config.outboundPortsExclude), "-k", list(config.kubevirtInterfaces)],
    ],
    environment: {
      ISTIO_INBOUND_TPROXY_MARK: `${config.tproxyMark}`,
      ISTIO_INBOUND_TPROXY_ROUTE_TABLE: `${config.tproxyRouteTable}`,
      DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK: config.loopbackCapture === "off" ? "1" : "",
    },
  };
}
