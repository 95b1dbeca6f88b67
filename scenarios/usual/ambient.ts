/** What lands alike under most settings of ambient mode; ztunnel is known by the mark of its sockets. */
export const usual = {
  "client -> pod:8080": "envoy-inbound:15006",
  "client -> pod:15007": "envoy-inbound:15006",
  "client -> pod:15008": "tunnel:15008",
  "client -> pod:15009": "envoy-inbound:15006",
  "kubelet -> pod:8080": "app:8080",
  "upstream@169.254.7.126 -> pod:8080": "envoy-inbound:15006",
  "app -> upstream:80": "envoy-outbound:15001",
  "ztunnel -> upstream:80": "upstream:80",
  "app,mark=0x538 -> upstream:80": "envoy-outbound:15001",
  "app,mark=0x53a -> upstream:80": "envoy-outbound:15001",
  "app -> pod:8080": "app:8080",
  "app -> localhost:8080": "app:8080",
  "app -> 127.0.0.2:8080": "app:8080",
  "ztunnel -> pod:8080": "app:8080",
  "app -> 169.254.7.127:53": "kubelet:53",
  "app -> 169.254.7.127:80": "kubelet:80",
  "app -> 169.254.7.127:32768": "kubelet:32768",
  "app -> 169.254.7.127:65535": "kubelet:65535",
  "app -> 169.254.7.126:80": "envoy-outbound:15001",
};

/** What DNS capture adds: TCP to port 53 goes to ztunnel's resolver, but for the one loopback address. */
export const usualDns = {
  "app -> upstream:52": "envoy-outbound:15001",
  "app -> upstream:53": "dns:15053",
  "app -> upstream:54": "envoy-outbound:15001",
  "app -> 127.0.0.2:53": "dns:15053",
  "app -> localhost:53": "refused",
  "ztunnel -> upstream:53": "upstream:53",
  "app -> upstream:53/udp": "dns:15053",
  "app -> upstream:52/udp": "upstream:52",
  "app -> upstream:54/udp": "upstream:54",
  "ztunnel -> upstream:53/udp": "upstream:53",
};
