import { describe, expect, test } from "vitest";
import { istioAmbient } from "../../../harness/meshes/istio-ambient/mesh.ts";
import type { Connection, Demand } from "../../../harness/model/contract.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { readTable } from "../../docs/markdown.ts";
import { readTyped, type TypedInput } from "../../typed-input.ts";
import { generatedRules, inputOf, readVectors, recordedRules, type Vector } from "./vectors.ts";

const VECTORS = readVectors("istio-ambient.json");
const byName = VECTORS.map((vector): readonly [string, Vector] => [vector.name, vector]);
const BARE: TypedInput = { ...inputOf({ ...(VECTORS[0] as Vector), inputs: {} }) };

function read(changes: Partial<TypedInput>) {
  return readTyped(istioAmbient, { ...BARE, ...changes });
}

function settingsOf(changes: Partial<TypedInput>) {
  const parsed = read(changes);
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join("\n"));
  return parsed.value.settings;
}

function podWith(annotations: Readonly<Record<string, unknown>>): Pick<TypedInput, "config"> {
  const text = JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "app", annotations } });
  return { config: { path: "pod.yaml", text } };
}

describe("the rules of ambient mode are those that the kernel prints for Istio's own:", () => {
  test.each(byName)("%s", (_, vector) => {
    expect(generatedRules(istioAmbient, vector)).toEqual(recordedRules(vector));
  });
});

describe("settings rendered as options parse back to the same settings:", () => {
  test.each(byName)("%s", (_, vector) => {
    const input = inputOf(vector);
    const first = readTyped(istioAmbient, input);
    const again = first.ok
      ? readTyped(istioAmbient, { ...input, ...istioAmbient.render(first.value.settings) })
      : first;
    expect(first.ok).toBe(true);
    expect(again.ok && again.value.settings).toEqual(first.ok && first.value.settings);
  });
});

describe("of several places that say whether DNS is captured", () => {
  const ON = { AMBIENT_DNS_CAPTURE: "true" };
  test.each<readonly [string, Partial<TypedInput>, "on" | "off", string]>([
    ["the variable counts more than the default", { environment: ON }, "on", "variable"],
    ["an empty variable counts as false", { environment: { AMBIENT_DNS_CAPTURE: "" } }, "off", "variable"],
    [
      "a flag counts more than the variable",
      { environment: ON, words: ["--ambient-dns-capture=false"] },
      "off",
      "flag",
    ],
    [
      "the pod's annotation counts more than either",
      { environment: ON, words: ["--ambient-dns-capture"], ...podWith({ "ambient.istio.io/dns-capture": "false" }) },
      "off",
      "annotation",
    ],
  ])("%s", (_, changes, value, origin) => {
    const parsed = read(changes);
    expect(parsed.ok && parsed.value.settings.dnsCapture).toBe(value);
    expect(parsed.ok && parsed.value.origins["dnsCapture"]?.kind).toBe(origin);
  });
});

test("the injected default captures DNS, in both families", () => {
  expect(settingsOf(istioAmbient.injected)).toMatchObject({ dnsCapture: "on", ipv6: "on", inbound: "captured" });
});

describe("bad input is refused with every finding:", () => {
  const findingsOf = (changes: Partial<TypedInput>) => {
    const parsed = read(changes);
    return parsed.ok ? [] : parsed.findings.map(({ where, message }) => `${where}: ${message}`);
  };

  test("flags and variables", () => {
    const environment = { AMBIENT_DNS_CAPTURE: "yes", HOST_PROBE_SNAT_IP: "fd00::1", NATIVE_NFTABLES: "true" };
    const words = ["--ambient-ipv7", "--reroute-virtual-interfaces", "vm0,much-too-long-a-name,a/b"];
    expect(findingsOf({ environment, words })).toEqual([
      "--ambient-ipv7: There is no such option; did you mean --ambient-ipv6?",
      'AMBIENT_DNS_CAPTURE: "yes" is not a valid value; write true or false.',
      '--reroute-virtual-interfaces: "much-too-long-a-name" is too long for an interface name: the maximum is 15 bytes.',
      '--reroute-virtual-interfaces: "a/b" is not a valid interface name.',
      'HOST_PROBE_SNAT_IP: "fd00::1" is not an IPv4 address; write one such as 169.254.7.127.',
      "NATIVE_NFTABLES: It makes native nftables rules, which landfall does not generate for ambient mode. " +
        'Load the nftables rules in a pod and pass them to "landfall verify --rules FILE".',
    ]);
  });

  test("a pod's annotations", () => {
    expect(
      findingsOf(
        podWith({
          "ambient.istio.io/dns-capure": "true",
          "ambient.istio.io/bypass-inbound-capture": true,
          "ambient.istio.io/redirection": "enabled",
        }),
      ),
    ).toEqual([
      "pod.yaml: ambient.istio.io/dns-capure: Istio has no such annotation; did you mean ambient.istio.io/dns-capture?",
      "pod.yaml: ambient.istio.io/bypass-inbound-capture: " +
        "An annotation's value must be a string; put it in quotes.",
    ]);
  });

  test.each([
    ["a manifest of something else", "kind: Deployment", "This is a manifest of kind Deployment, not Pod."],
    ["what is not a manifest", "- 1", "This is not a Pod's manifest."],
    ["what is not YAML", "a: [", "This is neither JSON nor YAML:"],
    [
      "annotations that are not a map",
      "kind: Pod\nmetadata: { annotations: [1] }",
      "metadata.annotations must be a map",
    ],
  ])("%s", (_, text, message) => {
    expect(findingsOf({ config: { path: "pod.yaml", text } })).toEqual([
      expect.stringContaining(`pod.yaml: ${message}`),
    ]);
  });
});

describe("a warning is given where", () => {
  const warningsOf = (changes: Partial<TypedInput>) => {
    const parsed = read(changes);
    return parsed.ok ? parsed.value.warnings.map(({ where, message }) => `${where}: ${message}`) : [];
  };

  test("a pod has annotations for sidecars", () => {
    expect(warningsOf(podWith({ "traffic.sidecar.istio.io/excludeOutboundPorts": "3306" }))).toEqual([
      "pod.yaml: traffic.sidecar.istio.io/excludeOutboundPorts: " +
        "ambient mode does not read this annotation, so it changes no rules.",
    ]);
  });

  test("an IPv6 address of the pod is not captured", () => {
    const pod = { ...BARE.pod, addresses: ["10.244.0.2", "fd00:244::2"] };
    expect(warningsOf({ pod })).toHaveLength(1);
    expect(warningsOf({ pod, words: ["--ambient-ipv6"] })).toEqual([]);
  });

  test("the pod's own interfaces are taken for virtual ones", () => {
    expect(warningsOf({ words: ["--reroute-virtual-interfaces", "eth0,lo,vm0"] })).toHaveLength(2);
  });
});

describe("the contract", () => {
  const { pod: own, client, upstream } = DEFAULT_ADDRESSES;
  const demandOf = (changes: Partial<Connection>, words: readonly string[] = istioAmbient.injected.words): string => {
    const contract = istioAmbient.contract(settingsOf({ words }), BARE.pod);
    const connection: Connection = {
      family: 4,
      protocol: "tcp",
      startedOn: "pod",
      owner: { uid: 1000, gid: 1000, mark: 0 },
      source: own[4],
      destination: upstream[4],
      port: 80,
      ...changes,
    };
    return describeDemand(contract.demand(connection));
  };
  const marked = (mark: number) => ({ owner: { uid: 1000, gid: 1000, mark } });
  const inbound = { startedOn: "client", source: client[4], destination: own[4], port: 8080 };

  test.each<readonly [string, Partial<Connection>, string]>([
    ["captures what the app dials elsewhere", {}, "envoy-outbound: outbound-captured"],
    [
      "captures root, whose uid ztunnel shares",
      { owner: { uid: 0, gid: 0, mark: 0 } },
      "envoy-outbound: outbound-captured",
    ],
    ["does not capture packets with ztunnel's mark", marked(0x539), "as-dialled: ztunnel-untouched"],
    ["compares only the low twelve bits of a mark", marked(0xabcde539), "as-dialled: ztunnel-untouched"],
    ["captures what has another mark", marked(0x538), "envoy-outbound: outbound-captured"],
    ["keeps in the pod what has the mark of ztunnel's connections", marked(0x111), "not-leave: marked-inside"],
    ["captures DNS over UDP", { protocol: "udp", port: 53 }, "dns: dns-captured"],
    ["captures DNS over TCP", { port: 53 }, "dns: dns-captured"],
    ["captures DNS over TCP to the pod itself", { destination: own[4], port: 53 }, "dns: dns-captured"],
    ["captures DNS over TCP to 127.0.0.2", { destination: "127.0.0.2", port: 53 }, "dns: dns-captured"],
    ["leaves DNS over TCP to 127.0.0.1 alone", { destination: "127.0.0.1", port: 53 }, "as-dialled: inside-untouched"],
    [
      "does not capture DNS over UDP to the pod itself",
      { protocol: "udp", destination: own[4], port: 53 },
      "as-dialled: inside-untouched",
    ],
    [
      "does not capture ztunnel's own DNS",
      { ...marked(0x539), protocol: "udp", port: 53 },
      "as-dialled: ztunnel-untouched",
    ],
    ["does not capture other UDP", { protocol: "udp", port: 443 }, "as-dialled: rest-untouched"],
    ["does not capture ICMP", { protocol: "icmp", port: 0 }, "as-dialled: rest-untouched"],
    ["does not capture calls to the pod's own address", { destination: own[4] }, "as-dialled: inside-untouched"],
    ["does not capture connections to the kubelet", { destination: "169.254.7.127" }, "as-dialled: probes-untouched"],
    [
      "captures UDP DNS to the kubelet's address nevertheless",
      { destination: "169.254.7.127", protocol: "udp", port: 53 },
      "dns: dns-captured",
    ],
    ["captures what comes in", inbound, "envoy-inbound: inbound-captured"],
    ["cannot see a caller's mark", { ...inbound, ...marked(0x539) }, "envoy-inbound: inbound-captured"],
    ["does not capture the kubelet's probes", { ...inbound, source: "169.254.7.127" }, "as-dialled: probes-untouched"],
    ["does not capture the tunnel port", { ...inbound, port: 15008 }, "as-dialled: tunnel-untouched"],
    ["captures what comes in for ztunnel's DNS", { ...inbound, port: 15053 }, "envoy-inbound: inbound-captured"],
    ["demands nothing of what the pod passes on", { ...inbound, destination: upstream[4] }, "unspecified"],
  ])("%s", (_, connection, demand) => {
    expect(demandOf(connection)).toBe(demand);
  });

  test("without DNS capture treats DNS over TCP like any other TCP", () => {
    expect(demandOf({ port: 53 }, [])).toBe("envoy-outbound: outbound-captured");
    expect(demandOf({ port: 53, protocol: "udp" }, [])).toBe("as-dialled: rest-untouched");
    expect(demandOf({ port: 53, destination: own[4] }, [])).toBe("as-dialled: inside-untouched");
  });

  test("says where Istio promises to capture DNS and its rules do not", () => {
    const contract = istioAmbient.contract(settingsOf(istioAmbient.injected), BARE.pod);
    const toLoopback = { family: 4, startedOn: "pod", source: "127.0.0.1", destination: "127.0.0.1" } as const;
    const strictOf = (protocol: "tcp" | "udp", port: number, mark = 0) => {
      const owner = { uid: 0, gid: 0, mark };
      const demand = contract.demand({ ...toLoopback, protocol, port, owner });
      return demand.must === "unspecified" || !demand.deviation ? null : describeDemand(demand.deviation.strict);
    };
    expect([strictOf("udp", 53), strictOf("tcp", 53)]).toEqual(["dns: dns-captured", "dns: dns-captured"]);
    expect([strictOf("udp", 54), strictOf("udp", 53, 0x539)]).toEqual([null, null]);
  });

  test("leaves IPv6 alone unless it is captured", () => {
    const connection = { family: 6, source: own[6], destination: upstream[6] } as const;
    expect(demandOf(connection, [])).toBe("as-dialled: rest-untouched");
    expect(demandOf(connection)).toBe("envoy-outbound: outbound-captured");
  });

  test("does not capture inbound traffic of a pod that bypasses the capture, except from virtual interfaces", () => {
    const words = ["--bypass-inbound-capture", "--reroute-virtual-interfaces", "vm0"];
    expect(demandOf(inbound, words)).toBe("as-dialled: rest-untouched");
    const fromMachine = { startedOn: "vm", source: "10.245.0.2" };
    expect(demandOf(fromMachine, words)).toBe("envoy-outbound: interfaces-captured");
    expect(demandOf({ ...fromMachine, destination: own[4] }, words)).toBe("envoy-outbound: interfaces-captured");
    expect(demandOf({ ...fromMachine, protocol: "udp" }, words)).toBe("unspecified");
  });

  test("names the clauses that settings make, in the order in which they are asked", () => {
    const namesOf = (words: readonly string[]) =>
      istioAmbient.contract(settingsOf({ words }), BARE.pod).clauses.map(({ name }) => name);
    expect(namesOf(istioAmbient.injected.words)).toEqual([
      ...["probes-untouched", "tunnel-untouched", "inbound-captured", "marked-inside", "ztunnel-untouched"],
      ...["dns-captured", "inside-untouched", "outbound-captured", "rest-untouched"],
    ]);
    expect(namesOf(["--bypass-inbound-capture", "--reroute-virtual-interfaces", "vm0"])).toEqual([
      ...["interfaces-captured", "probes-untouched", "marked-inside", "ztunnel-untouched"],
      ...["inside-untouched", "outbound-captured", "rest-untouched"],
    ]);
  });
});

function describeDemand(demand: Demand): string {
  if (demand.must === "unspecified") return demand.must;
  return `${demand.must === "land-on" ? demand.listener : demand.must}: ${demand.clause}`;
}

describe("the pod of ambient mode", () => {
  const shapeOf = (words: readonly string[]) => istioAmbient.shape(settingsOf({ words }), BARE.pod);

  test("has ztunnel, known by its mark, and its four listeners", () => {
    const { proxies, listeners, hosts } = shapeOf(istioAmbient.injected.words);
    expect(proxies.map(({ name, owners, runsAs }) => ({ name, owners, runsAs }))).toEqual([
      {
        name: "ztunnel",
        owners: [{ uid: null, gid: null, mark: { value: 0x539, mask: 0xfff } }],
        runsAs: { uid: 0, gid: 0, mark: 0x539 },
      },
    ]);
    expect(listeners.map(({ name, port, protocols }) => `${name}:${port}/${protocols.join("+")}`)).toEqual([
      "envoy-outbound:15001/tcp",
      "envoy-inbound:15006/tcp",
      "tunnel:15008/tcp",
      "dns:15053/tcp+udp",
    ]);
    expect(hosts).toEqual({ kubelet: { 4: "169.254.7.127", 6: "fd16:9254:7127:1337:ffff:ffff:ffff:ffff" } });
  });

  test("has no DNS listener without DNS capture, and a link for each virtual interface", () => {
    const { listeners, links } = shapeOf(["--reroute-virtual-interfaces", "vm0,eth0,veth+"]);
    expect(listeners.map(({ name }) => name)).not.toContain("dns");
    expect(links).toEqual(["vm0"]);
  });
});

describe("docs/meshes/istio-ambient.md", () => {
  const plain = (cell: string) => cell.replaceAll("`", "");
  const rowsOf = (head: string) => readTable("docs/meshes/istio-ambient.md", head).map((row) => row.map(plain));

  test("has a row for each setting that changes rules, as the option table has it", () => {
    const options = istioAmbient.options.filter(({ effect }) => effect === "rules");
    expect(rowsOf("flag").map((row) => row.slice(0, 4))).toEqual(
      options.map((option) => [
        `--${option.flag}`,
        option.variable ?? "",
        option.annotation ?? "",
        option.default.split(";")[0],
      ]),
    );
  });

  test("has a row for each clause, in order", () => {
    const words = ["--ambient-dns-capture", "--reroute-virtual-interfaces", "vm0"];
    const { clauses } = istioAmbient.contract(settingsOf({ words }), BARE.pod);
    expect(rowsOf("clause").map(([name]) => name)).toEqual(clauses.map(({ name }) => name));
  });
});
