import { type Family, renderEndpoint } from "../model/address.ts";
import { type CaptureConfig, isIpv6Pod } from "../model/capture-config.ts";
import { parseFlowText, resolveFlow } from "../model/flow-text.ts";
import { APP_ID, DEFAULT_PROXY_ID, type Owner, type SandboxAddresses, STATUS_PORT } from "../model/pod.ts";
import { addressBoundaries, idBoundaries, portBoundaries } from "./intent-boundaries.ts";
import { forwardedFlows, type IntendedFlow } from "./intent-forwarding.ts";
import { entryRange, listHolds } from "./intent-lists.ts";
import { isProxyOwner } from "./interception.ts";

/** Ports of the app that stand for every ordinary one. */
const APP_PORT = 8080;
const SSH_PORT = 22;
/** Addresses far apart that stand for everything elsewhere. */
const FAR: Readonly<Record<Family, readonly string[]>> = {
  4: ["1.0.0.0", "10.96.0.1", "223.255.255.255"],
  6: ["2000::", "2001:db8::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
};

/**
 * Gives the flows that show whether rules do what a capture config demands: at every boundary of every setting, from every kind of
 * actor, in each family; first all in the manner *answer*, then in the manner *forward* one of each kind that reaches the stub.
 * The order is stable, and no flow comes twice.
 */
export function intendedFlows(config: CaptureConfig, addresses: SandboxAddresses): readonly IntendedFlow[] {
  const proxy = proxyOwner(config);
  const texts = [...new Set([...familyFlows(config, 4, addresses), ...familyFlows(config, 6, addresses)])];
  const flows = texts.map((text) => {
    const parsed = parseFlowText(text);
    if (!parsed.ok) throw new RangeError(`"${text}" is no flow: ${parsed.findings.map((f) => f.message).join(" ")}`);
    return resolveFlow(parsed.value, addresses, proxy);
  });
  const answered = flows.map((flow) => ({ flow, manner: "answer" as const }));
  return [...answered, ...forwardedFlows(config, flows, addresses)];
}

/** Gives the owner that the stub Envoy runs as: the first uid and the first gid that the config leaves alone, else Istio's. */
export function proxyOwner(config: CaptureConfig): Owner {
  const [uid] = config.proxyUid.map(entryRange);
  const [gid] = config.proxyGid.map(entryRange);
  return { uid: uid?.first ?? DEFAULT_PROXY_ID, gid: gid?.first ?? uid?.first ?? DEFAULT_PROXY_ID };
}

function familyFlows(config: CaptureConfig, family: Family, addresses: SandboxAddresses): readonly string[] {
  const names = namesOf(family, config);
  if (family === 6 && !isIpv6Pod(config)) return guardFlows(names, config);
  return [
    ...inboundFlows(config, names),
    ...outboundFlows(config, names, addresses),
    ...ownerFlows(config, names),
    ...ownAddressFlows(config, names),
    ...passThroughFlows(names),
    ...virtualMachineFlows(config, names, addresses),
  ];
}

/** What flows of one family are written with. */
interface Names {
  readonly family: Family;
  /** `""` or `"6"`, behind the names of hosts. */
  readonly suffix: "" | "6";
  /** An actor in the pod that is not left alone. */
  readonly workload: string;
  /** A port that is not left alone outbound. */
  readonly port: number;
}

function namesOf(family: Family, config: CaptureConfig): Names {
  const captured = [APP_ID, 2000, 3000, 4000, 5000].find((id) => !isProxyOwner(config, { uid: id, gid: id })) ?? APP_ID;
  return {
    family,
    suffix: family === 6 ? "6" : "",
    workload: captured === APP_ID ? "app" : `uid=${captured},gid=${captured}`,
    port: [80, 443, 8000, 9000, 10000].find((port) => !listHolds(config.outboundPortsExclude, port)) ?? 80,
  };
}

/** From peers: every port at which capture begins or ends, and the proxy's own. */
function inboundFlows(config: CaptureConfig, { suffix }: Names): readonly string[] {
  const { inboundPortsInclude: include, inboundPortsExclude: exclude } = config;
  const ports = [
    APP_PORT,
    ...portBoundaries([`${SSH_PORT}`, ...exclude, ...(include === "*" ? [] : include)]),
    ...[STATUS_PORT, config.proxyPort, config.inboundCapturePort, 1, 65535],
  ];
  return [
    ...ports.map((port) => `client${suffix} -> pod${suffix}:${port}`),
    `upstream${suffix} -> pod${suffix}:${APP_PORT}`,
    `upstream${suffix} -> pod${suffix}:${SSH_PORT}`,
  ];
}

/** From the workload to elsewhere: every port and network at which capture begins or ends. */
function outboundFlows(config: CaptureConfig, names: Names, addresses: SandboxAddresses): readonly string[] {
  const { suffix, workload, port } = names;
  const ports = [port, ...portBoundaries(config.outboundPortsExclude), SSH_PORT, config.proxyPort, 1, 65535];
  return [
    ...ports.map((dialled) => `${workload} -> upstream${suffix}:${dialled}`),
    ...elsewhere(config, names.family, addresses).map((a) => `${workload} -> ${renderEndpoint(a, port)}`),
  ];
}

function elsewhere(config: CaptureConfig, family: Family, addresses: SandboxAddresses): readonly string[] {
  const { outboundIpRangesInclude: include, outboundIpRangesExclude: exclude } = config;
  return [...FAR[family], ...addressBoundaries([...(include === "*" ? [] : include), ...exclude], family, addresses)];
}

/** Each owner alone and together, with its neighbours: uid and gid are asked for one without the other. */
function ownerFlows(config: CaptureConfig, { suffix, port, workload }: Names): readonly string[] {
  const stranger = workload === "app" ? APP_ID : Number(/\d+/.exec(workload)?.[0]);
  const proxy = proxyOwner(config);
  const owners = [
    ...idBoundaries(config.proxyUid).map((uid) => ({ uid, gid: stranger })),
    ...idBoundaries(config.proxyGid).map((gid) => ({ uid: stranger, gid })),
  ].map(({ uid, gid }) => `uid=${uid},gid=${gid}`);
  return [
    ...["envoy", "root", ...owners].map((actor) => `${actor} -> upstream${suffix}:${port}`),
    ...["envoy", `uid=${proxy.uid},gid=${stranger}`, `uid=${stranger},gid=${proxy.gid}`].flatMap((actor) => [
      `${actor} -> localhost${suffix}:${APP_PORT}`,
      `${actor} -> pod${suffix}:${APP_PORT}`,
    ]),
    ...config.outboundPortsExclude.map((entry) => `envoy -> upstream${suffix}:${entryRange(entry).first}`),
  ];
}

/** To the pod's own addresses from inside: loopback, the pod's address, the proxy's own ports, what is excluded elsewhere. */
function ownAddressFlows(config: CaptureConfig, { suffix, family, workload }: Names): readonly string[] {
  const own = [config.proxyPort, config.inboundCapturePort];
  const excluded = [...config.inboundPortsExclude, ...config.outboundPortsExclude].map(
    (entry) => entryRange(entry).first,
  );
  const loopbacks = family === 4 ? ["127.0.0.2", "127.0.0.6", "127.255.255.254"] : ["::6"];
  return [
    ...[APP_PORT, ...own].flatMap((port) =>
      [workload, "envoy"].flatMap((actor) =>
        ["localhost", "pod"].map((target) => `${actor} -> ${target}${suffix}:${port}`),
      ),
    ),
    ...[SSH_PORT, 1, 65535, ...excluded].map((port) => `${workload} -> pod${suffix}:${port}`),
    ...loopbacks.map((address) => `${workload} -> ${renderEndpoint(address, APP_PORT)}`),
    `root -> localhost${suffix}:${APP_PORT}`,
  ];
}

/** From the pass-through's address and its neighbours. On IPv6 lo has no other address than ::1 beside it. */
function passThroughFlows({ suffix, family, workload }: Names): readonly string[] {
  const [through, ...neighbours] = family === 4 ? ["127.0.0.6", "127.0.0.5", "127.0.0.7", "127.0.0.1"] : ["::6", "::1"];
  return [
    ...["envoy", workload, "root"].map((actor) => `${actor}@${through} -> pod${suffix}:${APP_PORT}`),
    `envoy@${through} -> pod${suffix}:1`,
    `envoy@${through} -> localhost${suffix}:${APP_PORT}`,
    ...neighbours.map((source) => `envoy@${source} -> pod${suffix}:${APP_PORT}`),
  ];
}

/** From virtual machines: included ranges, and what inbound and outbound settings do not say for them. */
function virtualMachineFlows(config: CaptureConfig, names: Names, addresses: SandboxAddresses): readonly string[] {
  if (config.kubevirtInterfaces.length === 0) return [];
  const { suffix, port, family } = names;
  const excluded = config.outboundPortsExclude.map((entry) => entryRange(entry).first);
  return [
    ...[APP_PORT, SSH_PORT, config.proxyPort].map((dialled) => `vm${suffix} -> pod${suffix}:${dialled}`),
    ...[port, SSH_PORT, ...excluded].map((dialled) => `vm${suffix} -> upstream${suffix}:${dialled}`),
    ...elsewhere(config, family, addresses).map((address) => `vm${suffix} -> ${renderEndpoint(address, port)}`),
  ];
}

/** Over IPv6 on an IPv4 pod: nothing gets in but by ::1, and everything gets out. */
function guardFlows({ workload, port }: Names, config: CaptureConfig): readonly string[] {
  return [
    `client6 -> pod6:${APP_PORT}`,
    `client6 -> pod6:${config.proxyPort}`,
    `upstream6 -> pod6:${SSH_PORT}`,
    `${workload} -> upstream6:${port}`,
    `envoy -> upstream6:${port}`,
    `${workload} -> localhost6:${APP_PORT}`,
    `envoy -> localhost6:${APP_PORT}`,
    `${workload} -> pod6:${APP_PORT}`,
  ];
}
