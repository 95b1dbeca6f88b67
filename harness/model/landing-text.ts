import { canonicalAddress, parseEndpoint } from "./address.ts";
import { type Finding, finding, type Parsed } from "./finding.ts";
import { type EndingKind, LANDING_KINDS, type Landing } from "./landing.ts";
import { LISTENER_NAMES, type ListenerName, MAX_PORT } from "./pod.ts";

/** What an author may write of a landing, its ports and addresses not yet bound to a flow. */
export interface LandingText {
  readonly text: string;
  readonly kind: EndingKind;
  readonly listener: ListenerName | null;
  /** Null: the listener's own port, or for `app`, `client`, `upstream` the one dialled. */
  readonly port: number | null;
  /** From `at`: the address that must accept. */
  readonly address: string | null;
  /** Listeners passed before, from `via`. */
  readonly via: readonly ListenerName[];
  /** From `from`: the source address the listener must see. */
  readonly source: string | null;
  /** From `redirected`: the original destination must be there although port and host are the ones dialled. */
  readonly redirected: "redirected" | "as-dialled";
}

/** Only the stub dials on, so only its listeners can be passed. */
const PASSABLE: readonly ListenerName[] = ["envoy-outbound", "envoy-inbound"];
const WRITABLE_KINDS = LANDING_KINDS.filter((kind) => kind !== "could-not-look").filter((kind) => kind !== "listener");
const GRAMMAR =
  "LISTENER[:PORT] [at ADDRESS] [redirected] [via LISTENER[,LISTENER]] [from ADDRESS], refused, reset, timed-out, unanswered, unreachable or loop";

/**
 * Reads an expected landing: `envoy-inbound:15006`, `app:8080 via envoy-inbound from 127.0.0.6`,
 * `upstream:3128 at 10.1.0.1`, `refused`, `loop`. Gives every finding where the text is none.
 */
export function parseLandingText(text: string, where: string): Parsed<LandingText> {
  const head = text.split(" ", 1)[0] ?? "";
  const findings: Finding[] = [];
  const [, name, portText] = /^([a-z-]+)(?::([1-9]\d{0,4}))?$/.exec(head) ?? [];
  const listener = LISTENER_NAMES.find((known) => known === name) ?? null;
  const kind = listener ? "listener" : WRITABLE_KINDS.find((known) => known === name);
  const port = portText === undefined ? null : Number(portText);
  if (kind === undefined || (port !== null && (port > MAX_PORT || listener === null)))
    findings.push(finding(where, `"${head}" is no landing; write ${GRAMMAR}.`));
  const tail = readTail(text.slice(head.length), listener);
  if (tail === null)
    findings.push(finding(where, `"${text.slice(head.length + 1)}" cannot follow "${head}"; write ${GRAMMAR}.`));
  if (findings.length > 0 || kind === undefined || tail === null) return { ok: false, findings };
  return { ok: true, value: { text, kind, listener, port, ...tail } };
}

/** What may follow a landing's head. */
type Tail = Pick<LandingText, "address" | "redirected" | "via" | "source">;

/**
 * Reads what may follow a landing's head; null where it may not. Only a listener has an address, can be redirected to or see a source.
 */
function readTail(text: string, listener: ListenerName | null): Tail | null {
  const found = /^(?: at (\S+))?( redirected)?(?: via (\S+))?(?: from (\S+))?$/.exec(text);
  if (!found) return null;
  const [, at, redirected, viaText, from] = found;
  const written = viaText?.split(",") ?? [];
  const via = written.flatMap((hop) => PASSABLE.find((known) => known === hop) ?? []);
  const [address, source] = [at, from].map((end) => (end === undefined ? null : canonicalAddress(end)));
  if (via.length < written.length || (from !== undefined && !source) || (at !== undefined && !address)) return null;
  if (listener === null && (at !== undefined || redirected !== undefined || from !== undefined)) return null;
  return {
    via,
    address: address ?? null,
    source: source ?? null,
    redirected: redirected === undefined ? "as-dialled" : "redirected",
  };
}

/**
 * Gives a landing as authors write it: `envoy-inbound:15006`, `app:8080 via envoy-inbound from 127.0.0.6`, `upstream:3128 at 10.1.0.1`,
 * `refused`. The address that accepted is in it for a listener on another host that was not dialled itself: only there does it say where
 * the flow went. The source's port, original destinations and a loop's hops are not in it. The inverse of {@link parseLandingText} where
 * nothing is
 * `redirected`, which only the flow tells.
 */
export function renderLanding(landing: Landing): string {
  if (landing.kind === "loop" || landing.kind === "could-not-look") return landing.kind;
  const head = landing.kind === "listener" ? `${landing.listener}:${landing.port}` : landing.kind;
  const via = landing.hops.length > 0 ? ` via ${landing.hops.map((hop) => hop.listener).join(",")}` : "";
  const at = hasToldAddress(landing) ? ` at ${landing.address}` : "";
  const source = landing.kind === "listener" ? landing.source : null;
  return `${head}${at}${via}${source === null ? "" : ` from ${parseEndpoint(source)?.address ?? source}`}`;
}

/** Another host has many addresses; what was translated to one of them is told apart by it. */
function hasToldAddress({ kind, host, address, originalDestination }: Landing): boolean {
  return kind === "listener" && host !== "pod" && address !== null && originalDestination !== null;
}
