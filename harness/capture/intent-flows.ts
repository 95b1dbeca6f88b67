import { type Family, renderEndpoint } from "../model/address.ts";
import { type CaptureConfig, isIpv6Pod } from "../model/capture-config.ts";
import { resolveFlow } from "../model/flow-resolution.ts";
import { parseFlowText } from "../model/flow-text.ts";
import { DEFAULT_PROXY_ID, type Owner, type SandboxAddresses, STATUS_PORT } from "../model/pod.ts";
import { idBoundaries, portBoundaries } from "./intent-boundaries.ts";
import { forwardedFlows, type IntendedFlow } from "./intent-forwarding.ts";
import { entryRange, listedPorts } from "./intent-lists.ts";
import { APP_PORT, elsewhere, type Names, namesOf } from "./intent-names.ts";
import { ownAddressFlows, passThroughFlows } from "./intent-own-flows.ts";
import { SSH_PORT } from "./interception.ts";

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
  const names = namesOf(family, config, addresses);
  if (family === 6 && !isIpv6Pod(config)) return guardFlows(names, config);
  return [
    ...inboundFlows(config, names),
    ...outboundFlows(config, names, addresses),
    ...ownerFlows(config, names),
    ...ownAddressFlows(config, names),
    ...passThroughFlows(config, names),
    ...virtualMachineFlows(config, names, addresses),
  ];
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

/**
 * From the workload to elsewhere: every port and network at which capture begins or ends. To every network also from the owner that is
 * left alone last.
 */
function outboundFlows(config: CaptureConfig, names: Names, addresses: SandboxAddresses): readonly string[] {
  const { suffix, workload, port, stranger, captured } = names;
  const ports = [port, ...portBoundaries(config.outboundPortsExclude), SSH_PORT, config.proxyPort, 1, 65535];
  // What is captured inbound must not be for that alone on its way out.
  const inbound = config.inboundPortsInclude === "*" ? [] : portBoundaries(config.inboundPortsInclude.slice(0, 1));
  const lastGid = config.proxyGid.map(entryRange).at(-1)?.first;
  const last = lastGid === undefined ? "envoy" : `uid=${stranger},gid=${lastGid}`;
  return [
    ...[port, ...inbound].map((dialled) => `${workload} -> upstream${suffix}:${dialled}`),
    ...ports.map((dialled) => `${workload} -> ${captured}:${dialled}`),
    ...elsewhere(config, names.family, addresses).flatMap((address) =>
      [workload, last].map((actor) => `${actor} -> ${renderEndpoint(address, port)}`),
    ),
    ...elsewhere(config, names.family, addresses).flatMap((address) =>
      // Where outbound rules let a connection go, it must not be taken for what is captured inbound.
      listedPorts(config)
        .slice(0, 1)
        .map((dialled) => `${workload} -> ${renderEndpoint(address, dialled)}`),
    ),
  ];
}

/** Each owner alone and together, with its neighbours: uid and gid are asked for one without the other. */
function ownerFlows(config: CaptureConfig, { suffix, port, stranger, captured }: Names): readonly string[] {
  const owners = [
    ...idBoundaries(config.proxyUid).map((uid) => ({ uid, gid: stranger })),
    ...idBoundaries(config.proxyGid).map((gid) => ({ uid: stranger, gid })),
  ].map(({ uid, gid }) => `uid=${uid},gid=${gid}`);
  const alone = [
    ...config.proxyUid.map((entry) => `uid=${entryRange(entry).first},gid=${stranger}`),
    ...config.proxyGid.map((entry) => `uid=${stranger},gid=${entryRange(entry).first}`),
  ];
  return [
    ...["envoy", "root", ...owners].map((actor) => `${actor} -> ${captured}:${port}`),
    ...["envoy", ...alone].flatMap((actor) => [
      `${actor} -> localhost${suffix}:${APP_PORT}`,
      `${actor} -> pod${suffix}:${APP_PORT}`,
    ]),
    ...config.outboundPortsExclude.map((entry) => `envoy -> ${captured}:${entryRange(entry).first}`),
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
    ...elsewhere(config, family, addresses).flatMap((address) =>
      [port, ...listedPorts(config).slice(0, 1)].map((dialled) => `vm${suffix} -> ${renderEndpoint(address, dialled)}`),
    ),
    // With TPROXY each port is captured by rules of its own, also where what is dialled only passes through.
    ...elsewhere(config, family, addresses)
      .slice(0, 1)
      .flatMap((address) => listedPorts(config).map((dialled) => `vm${suffix} -> ${renderEndpoint(address, dialled)}`)),
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
    ...(config.kubevirtInterfaces.length > 0 ? [`vm6 -> upstream6:${port}`, `vm6 -> pod6:${APP_PORT}`] : []),
  ];
}
