/** Where Envoy takes outbound traffic: the default of `-p`. */
export const DEFAULT_PROXY_PORT = 15001;
/** Where Envoy takes inbound traffic: the default of `-z`. */
export const DEFAULT_INBOUND_CAPTURE_PORT = 15006;
/** Uid and gid of the sidecar unless configured otherwise. */
export const DEFAULT_PROXY_ID = 1337;
/** Mark of TPROXY packets unless configured otherwise. */
export const DEFAULT_TPROXY_MARK = 1337;
/** Routing table of marked packets unless configured otherwise. */
export const DEFAULT_TPROXY_ROUTE_TABLE = 133;
