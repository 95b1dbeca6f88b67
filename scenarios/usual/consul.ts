/** What Consul's injector gives its redirection. */
export const injectedConfig =
  '{"ProxyUserID": "5995", "ProxyInboundPort": 20000, "ProxyOutboundPort": 15001, "ExcludeInboundPorts": ["21000"], "ExcludeUIDs": ["5996"], "ConsulDNSIP": "127.0.0.1", "ConsulDNSPort": 8600}';

/** What lands alike under most settings of Consul: Envoy known by uid 5995, all inbound ports and all destinations captured. */
export const usual = {
  "client -> pod:8080": "public:20000",
  "app -> upstream:80": "envoy-outbound:15001",
  "envoy -> upstream:80": "upstream:80",
  "uid=5995 -> upstream:80": "upstream:80",
  "uid=5994 -> upstream:80": "envoy-outbound:15001",
  "uid=5997 -> upstream:80": "envoy-outbound:15001",
  "gid=5995 -> upstream:80": "envoy-outbound:15001",
  "app -> pod:8080": "envoy-outbound:15001",
  "app -> localhost:8080": "app:8080",
  "app -> 127.0.0.2:8080": "envoy-outbound:15001",
};
