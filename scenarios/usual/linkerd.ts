/** The proxy that Linkerd's injector sets up: its ports and its uid. */
export const proxy = [
  ...["--incoming-proxy-port", "4143"],
  ...["--outgoing-proxy-port", "4140"],
  ...["--proxy-uid", "2102"],
] as const;

/** What lands alike under most settings of Linkerd: the proxy known by uid 2102, all inbound ports and all destinations captured. */
export const usual = {
  "client -> pod:8080": "proxy-inbound:4143",
  "app -> upstream:80": "proxy-outbound:4140",
  "proxy -> upstream:80": "upstream:80",
  "uid=2102 -> upstream:80": "upstream:80",
  "uid=2101 -> upstream:80": "proxy-outbound:4140",
  "uid=2103 -> upstream:80": "proxy-outbound:4140",
  "gid=2102 -> upstream:80": "proxy-outbound:4140",
  "app -> pod:8080": "app:8080",
  "app -> localhost:8080": "app:8080",
};

/** The same over IPv6. */
export const usualOverIpv6 = {
  "client6 -> pod6:8080": "proxy-inbound:4143",
  "app -> upstream6:80": "proxy-outbound:4140",
  "proxy -> upstream6:80": "upstream:80",
  "uid=2102 -> upstream6:80": "upstream:80",
  "uid=2101 -> upstream6:80": "proxy-outbound:4140",
  "uid=2103 -> upstream6:80": "proxy-outbound:4140",
  "gid=2102 -> upstream6:80": "proxy-outbound:4140",
  "app -> pod6:8080": "app:8080",
  "app -> localhost6:8080": "app:8080",
};
