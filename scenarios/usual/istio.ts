/** What Istio's injector gives its init container. */
export const injected = [
  ...["-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT"],
  ...["-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020"],
] as const;

/**
 * What lands alike under most settings of current Istio: the proxy known by uid 1337 and gid 1337, all inbound ports and all destinations
 * captured. A scenario says beside these what its own claim is about.
 */
export const usual = {
  "client -> pod:8080": "envoy-inbound:15006",
  "client -> pod:15007": "envoy-inbound:15006",
  "client -> pod:15008": "tunnel:15008",
  "client -> pod:15009": "envoy-inbound:15006",
  "app -> upstream:80": "envoy-outbound:15001",
  "envoy -> upstream:80": "upstream:80",
  "uid=1337 -> upstream:80": "upstream:80",
  "uid=1336 -> upstream:80": "envoy-outbound:15001",
  "uid=1338 -> upstream:80": "envoy-outbound:15001",
  "gid=1337 -> upstream:80": "upstream:80",
  "gid=1336 -> upstream:80": "envoy-outbound:15001",
  "gid=1338 -> upstream:80": "envoy-outbound:15001",
  "app -> pod:8080": "app:8080",
  "app -> localhost:8080": "app:8080",
  "envoy -> localhost:8080": "app:8080",
  "uid=1337 -> localhost:8080": "app:8080",
  "envoy -> pod:8080": "envoy-inbound:15006",
  "uid=1337 -> pod:8080": "envoy-inbound:15006",
  "uid=1336 -> pod:8080": "app:8080",
  "uid=1338 -> pod:8080": "app:8080",
  "gid=1337 -> pod:8080": "app:8080",
  "uid=1336,gid=1337 -> pod:8080": "app:8080",
  "uid=1338,gid=1337 -> pod:8080": "app:8080",
  "uid=1337 -> 127.0.0.2:8080": "envoy-inbound:15006",
  "uid=1337 -> pod:15007": "envoy-inbound:15006",
  "uid=1337 -> pod:15008": "tunnel:15008",
  "uid=1337 -> pod:15009": "envoy-inbound:15006",
  "uid=1337 -> pod:15020": "envoy-inbound:15006",
  "uid=1337@127.0.0.6 -> pod:8080": "app:8080",
  "uid=1337@127.0.0.7 -> pod:8080": "envoy-inbound:15006",
};

/** With DNS capture TCP to port 53 of the pod itself is nobody's self call but the proxy's gid's. */
export const usualWithDns = {
  ...usual,
  "uid=1337 -> pod:52": "envoy-inbound:15006",
  "uid=1337 -> pod:53": "refused",
  "uid=1337 -> pod:54": "envoy-inbound:15006",
  "envoy -> pod:53": "refused",
  "gid=1337 -> pod:52": "refused",
  "gid=1337 -> pod:53": "envoy-inbound:15006",
  "gid=1337 -> pod:54": "refused",
  "gid=1337 -> localhost:53": "refused",
  "app -> upstream:52": "envoy-outbound:15001",
  "app -> upstream:54": "envoy-outbound:15001",
};

/** The ports that Istio's injector excludes, and those beside them. */
export const statusPorts = {
  "client -> pod:15019": "envoy-inbound:15006",
  "client -> pod:15020": "status:15020",
  "client -> pod:15021": "probe:15021",
  "client -> pod:15022": "envoy-inbound:15006",
  "client -> pod:15089": "envoy-inbound:15006",
  "client -> pod:15090": "stats:15090",
  "client -> pod:15091": "envoy-inbound:15006",
};
