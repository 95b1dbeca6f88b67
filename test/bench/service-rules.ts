/**
 * Gives rules as kube-proxy writes them (pkg/proxy/iptables/proxier.go, Kubernetes 1.31), as iptables-save prints them: `services` cluster
 * addresses with three endpoints each, chosen by chance, on top of the chains for masquerading.
 *
 * @example
 * renderServiceRules(2)   // "*filter … -A KUBE-SERVICES -d 10.96.0.1/32 … -j KUBE-SVC-00000 …"
 */
export function renderServiceRules(services: number): string {
  const all = Array.from({ length: services }, (_, i) => i);
  const svc = (i: number) => `KUBE-SVC-${String(i).padStart(5, "0")}`;
  const sep = (i: number, endpoint: number) => `KUBE-SEP-${String(i).padStart(5, "0")}-${endpoint}`;
  const chains = all.flatMap((i) => [svc(i), ...ENDPOINTS.map((endpoint) => sep(i, endpoint))]);
  const jumps = all.map(
    (i) =>
      `-A KUBE-SERVICES -d ${serviceAddress(i)}/32 -p tcp -m comment --comment "ns/svc-${i}:http cluster IP" -m tcp --dport ${servicePort(i)} -j ${svc(i)}`,
  );
  const choices = all.flatMap((i) => [
    `-A ${svc(i)} ! -s 10.128.0.0/9 -d ${serviceAddress(i)}/32 -p tcp -m tcp --dport ${servicePort(i)} -j KUBE-MARK-MASQ`,
    `-A ${svc(i)} -m statistic --mode random --probability 0.33333333349 -j ${sep(i, 0)}`,
    `-A ${svc(i)} -m statistic --mode random --probability 0.50000000000 -j ${sep(i, 1)}`,
    `-A ${svc(i)} -j ${sep(i, 2)}`,
  ]);
  const ends = all.flatMap((i) =>
    ENDPOINTS.flatMap((endpoint) => {
      const address = endpointAddress(3 * i + endpoint);
      return [
        `-A ${sep(i, endpoint)} -s ${address}/32 -j KUBE-MARK-MASQ`,
        `-A ${sep(i, endpoint)} -p tcp -m tcp -j DNAT --to-destination ${address}:8080`,
      ];
    }),
  );
  return [
    ...["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":KUBE-FORWARD - [0:0]"],
    "-A FORWARD -j KUBE-FORWARD",
    "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
    "-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT",
    "-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "COMMIT",
    ...["*nat", ":PREROUTING ACCEPT [0:0]", ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":POSTROUTING ACCEPT [0:0]"],
    ...["KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-SERVICES", ...chains].map((chain) => `:${chain} - [0:0]`),
    "-A PREROUTING -j KUBE-SERVICES",
    "-A OUTPUT -j KUBE-SERVICES",
    "-A POSTROUTING -j KUBE-POSTROUTING",
    "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
    "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
    "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
    "-A KUBE-POSTROUTING -j MASQUERADE --random-fully",
    ...jumps,
    ...choices,
    ...ends,
    "COMMIT",
    "",
  ].join("\n");
}

/** Gives one chain of rules, each about a network and a port of its own, two of three redirected. */
export function renderNetworkRules(rules: number): string {
  const lines = Array.from({ length: rules }, (_, i) => {
    const at = i * 64;
    const network = `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}/26`;
    const target = i % 3 === 0 ? "RETURN" : "REDIRECT --to-ports 15001";
    return `-A OUTPUT -d ${network} -p tcp -m tcp --dport ${1 + (i % 5000)} -j ${target}`;
  });
  return ["*nat", ":OUTPUT ACCEPT [0:0]", ...lines, "COMMIT", ""].join("\n");
}

const ENDPOINTS = [0, 1, 2];

function serviceAddress(i: number): string {
  return `10.96.${(i >> 8) & 255}.${i & 255}`;
}

function servicePort(i: number): number {
  return i % 4 === 0 ? 443 : 80;
}

function endpointAddress(i: number): string {
  return `10.${128 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
}

if (import.meta.main) process.stdout.write(renderServiceRules(Number(process.argv[2] ?? 50)));
