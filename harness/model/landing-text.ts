import { canonicalAddress, renderEndpoint } from "./address.ts";
import { type Finding, finding, type Parsed } from "./finding.ts";
import type { Flow } from "./flow.ts";
import { hostOf, LANDING_KINDS, type Landing, type LandingKind, makeLanding } from "./landing.ts";
import {
  DEFAULT_INBOUND_CAPTURE_PORT,
  DEFAULT_PROXY_PORT,
  type ListenerName,
  type SandboxAddresses,
  STATUS_PORT,
} from "./pod.ts";

/** What an author may write of a landing, its ports and addresses not yet bound to a flow. */
export interface LandingText {
  readonly text: string;
  readonly kind: LandingKind;
  readonly listener: ListenerName | null;
  /** Null: the listener's own port, or for `app`, `client`, `upstream` the one dialled. */
  readonly port: number | null;
  /** Listeners passed before, from `via`. */
  readonly via: readonly ListenerName[];
  /** From `from`: the source address the listener must see. */
  readonly source: string | null;
  /** From `redirected`: the original destination must be there although port and host are the ones dialled. */
  readonly redirected: "redirected" | "as-dialled";
}

const LISTENERS: readonly ListenerName[] = ["envoy-outbound", "envoy-inbound", "status", "app", "client", "upstream"];
const GRAMMAR =
  "LISTENER[:PORT] [redirected] [via LISTENER[,LISTENER]] [from ADDRESS], refused, reset, timed-out, unreachable or loop";

/**
 * Reads an expected landing: `envoy-inbound:15006`, `app:8080 via envoy-inbound from 127.0.0.6`, `refused`, `loop`.
 * Gives every finding where the text is none.
 */
export function parseLandingText(text: string, where: string): Parsed<LandingText> {
  const [head = "", ...words] = text.split(" ");
  const findings: Finding[] = [];
  const [name = "", portText] = head.split(":");
  const listener = LISTENERS.find((known) => known === name) ?? null;
  const kind = listener
    ? "listener"
    : LANDING_KINDS.find((known) => known === name && known !== "could-not-look" && known !== "listener");
  const port = portText === undefined ? null : Number(portText);
  const portIsBad = port !== null && !(Number.isInteger(port) && port >= 1 && port <= 65535);
  if (kind === undefined || portIsBad || (listener === null && port !== null))
    findings.push(finding(where, `"${head}" is no landing; write ${GRAMMAR}.`));
  const redirected = words[0] === "redirected" ? "redirected" : "as-dialled";
  const clauses = readClauses(words[0] === "redirected" ? words.slice(1) : words);
  const via = (clauses.via?.split(",") ?? []).map((hop) => LISTENERS.find((known) => known === hop) ?? null);
  const source = clauses.from === undefined ? null : canonicalAddress(clauses.from);
  if (clauses.rest.length > 0 || via.includes(null) || (clauses.from !== undefined && source === null)) {
    findings.push(finding(where, `"${words.join(" ")}" cannot follow a landing; write ${GRAMMAR}.`));
  }
  if (findings.length > 0 || kind === undefined) return { ok: false, findings };
  return {
    ok: true,
    value: { text, kind, listener, port, via: via.filter((hop) => hop !== null), source, redirected },
  };
}

function readClauses(words: readonly string[]): { via?: string; from?: string; rest: readonly string[] } {
  const [word, value, ...more] = words;
  if ((word !== "via" && word !== "from") || value === undefined) return { rest: words };
  return { ...readClauses(more), [word]: value };
}

/** Ports of the stub's listeners in one scenario. */
export interface ProxyPorts {
  readonly proxyPort: number;
  readonly inboundCapturePort: number;
}

/** Ports that Istio uses unless told otherwise. */
export const DEFAULT_PROXY_PORTS: ProxyPorts = {
  proxyPort: DEFAULT_PROXY_PORT,
  inboundCapturePort: DEFAULT_INBOUND_CAPTURE_PORT,
};

/**
 * Binds an expected landing to a flow: the listener's port where none is written, and the original destination, which is the end point
 * dialled, or null where the very address that was dialled accepts (same port, same host, not written `redirected`).
 */
export function resolveLanding(text: LandingText, flow: Flow, addresses: SandboxAddresses, ports: ProxyPorts): Landing {
  const hops = text.via.map((listener, i) => {
    const port = listenerPort(listener, null, flow, ports);
    return {
      listener,
      port,
      originalDestination: i === 0 ? originalDestination(listener, port, text, flow, addresses) : null,
    };
  });
  if (text.listener === null) return makeLanding(text.kind, { hops });
  const port = listenerPort(text.listener, text.port, flow, ports);
  return makeLanding("listener", {
    host: hostOf(text.listener),
    listener: text.listener,
    port,
    originalDestination: hops.length > 0 ? null : originalDestination(text.listener, port, text, flow, addresses),
    source: text.source,
    hops,
  });
}

function listenerPort(listener: ListenerName, written: number | null, flow: Flow, ports: ProxyPorts): number {
  if (written !== null) return written;
  if (listener === "envoy-outbound") return ports.proxyPort;
  if (listener === "envoy-inbound") return ports.inboundCapturePort;
  return listener === "status" ? STATUS_PORT : flow.to.port;
}

function originalDestination(
  listener: ListenerName,
  port: number,
  text: LandingText,
  flow: Flow,
  addresses: SandboxAddresses,
): string | null {
  const dialled = renderEndpoint(flow.to.address, flow.to.port);
  const accepts = port === flow.to.port && ownsAddress(listener, flow, addresses) && text.redirected !== "redirected";
  return accepts ? null : dialled;
}

function ownsAddress(listener: ListenerName, flow: Flow, addresses: SandboxAddresses): boolean {
  const host = hostOf(listener);
  const others = (["pod", "client", "upstream"] as const).filter((name) => name !== host);
  const isElsewhere = others.some((name) => addresses[name][flow.family] === flow.to.address);
  if (isElsewhere) return false;
  const isLoopback = flow.to.target === "localhost" || flow.to.address.startsWith("127.") || flow.to.address === "::1";
  const actorHost = ["client", "upstream", "vm"].includes(flow.from.actor) ? flow.from.actor : "pod";
  if (isLoopback) return actorHost === host;
  return addresses[host][flow.family] === flow.to.address || host === "upstream";
}
