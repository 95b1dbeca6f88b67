import { canonicalAddress, parseEndpoint } from "./address.ts";
import { codedFinding, type Finding, type Parsed } from "./finding.ts";
import { type EndingKind, LANDING_KINDS, type Landing, type LandingSpec, makeLandingSpec } from "./landing.ts";
import { findNearNames } from "./near-names.ts";
import { type ListenerName, MAX_PORT } from "./pod.ts";
import { listenerNames } from "./pod-names.ts";
import { findListener, forwards, type PodShape } from "./pod-shape.ts";

const WRITABLE_KINDS = LANDING_KINDS.filter((kind) => kind !== "could-not-look").filter((kind) => kind !== "listener");
const GRAMMAR =
  "LISTENER[:PORT] [at ADDRESS] [redirected] [via LISTENER[,LISTENER]] [from ADDRESS], replied [at ADDRESS], refused, reset, timed-out, unanswered, unreachable or loop";

/**
 * Reads an expected landing: `LISTENER[:PORT] [at ADDRESS] [redirected] [via LISTENER[,LISTENER]] [from ADDRESS]`, or one word such as
 * `refused` or `loop`. The names of listeners are those of the pod's shape. Gives every finding where the text is not a landing, each with
 * the code `invalid-landing`; `where` is how they name the text's place.
 *
 * @example
 * parseLandingText("app:8080 via envoy-inbound from 127.0.0.6", shape, "scenario.ts")
 * // { ok: true, value: { kind: "listener", listener: "app", port: 8080, address: null, via: ["envoy-inbound"], source: "127.0.0.6",
 * //   redirected: "as-dialled", written: "app:8080 via envoy-inbound from 127.0.0.6" } }
 */
export function parseLandingText(text: string, shape: PodShape, where: string): Parsed<LandingSpec> {
  const head = text.split(" ", 1)[0] ?? "";
  const findings: Finding[] = [];
  const [, name, portText] = /^([a-z][a-z0-9-]*)(?::([1-9]\d{0,4}))?$/.exec(head) ?? [];
  const listener = listenerNames(shape).find((known) => known === name) ?? null;
  const kind = listener ? "listener" : WRITABLE_KINDS.find((known) => known === name);
  const port = portText === undefined ? null : Number(portText);
  if (kind === undefined || (port !== null && (port > MAX_PORT || listener === null)))
    findings.push(
      codedFinding(
        "invalid-landing",
        where,
        `"${head}" is not a valid landing; write ${GRAMMAR}.${tellListeners(name, shape)}`,
      ),
    );
  const tail = readTail(text.slice(head.length), { listener, kind }, shape);
  if (tail === null)
    findings.push(
      codedFinding(
        "invalid-landing",
        where,
        `"${text.slice(head.length + 1)}" cannot follow "${head}"; write ${GRAMMAR}.`,
      ),
    );
  if (findings.length > 0 || kind === undefined || tail === null) return { ok: false, findings };
  return { ok: true, value: { kind, listener, port, ...tail, written: text } };
}

/** A name that no listener has is most likely another mesh's, or mistyped. */
function tellListeners(name: string | undefined, shape: PodShape): string {
  if (name === undefined || WRITABLE_KINDS.some((kind) => kind === name)) return "";
  const names = listenerNames(shape);
  const near = findNearNames(name, names);
  return near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : ` The listeners are ${names.join(", ")}.`;
}

/** What may follow a landing's head. */
type Tail = Pick<LandingSpec, "address" | "redirected" | "via" | "source">;

/**
 * Reads what may follow a landing's head; null where it may not. Only a listener can be redirected to or see a source; only it
 * and a reply have an address.
 */
function readTail(
  text: string,
  { listener, kind }: { readonly listener: ListenerName | null; readonly kind: EndingKind | undefined },
  shape: PodShape,
): Tail | null {
  const found = /^(?: at (\S+))?( redirected)?(?: via (\S+))?(?: from (\S+))?$/.exec(text);
  if (!found) return null;
  const [, at, redirected, viaText, from] = found;
  const written = viaText?.split(",") ?? [];
  // Only who dials on can be passed.
  const via = written.filter((hop) => {
    const passed = findListener(shape, hop);
    return passed !== undefined && forwards(passed);
  });
  const [address, source] = [at, from].map((end) => (end === undefined ? null : canonicalAddress(end)));
  if (via.length < written.length || (from !== undefined && !source) || (at !== undefined && !address)) return null;
  if (kind === "replied" && via.length === 0 && redirected === undefined && from === undefined)
    return { via, address: address ?? null, source: null, redirected: "as-dialled" };
  if (listener === null && (at !== undefined || redirected !== undefined || from !== undefined)) return null;
  return {
    via,
    address: address ?? null,
    source: source ?? null,
    redirected: redirected === undefined ? "as-dialled" : "redirected",
  };
}

/** Gives the text of a demanded landing: what its author wrote, or one that {@link parseLandingText} reads as the same. */
export function renderLandingSpec(spec: LandingSpec): string {
  if (spec.written !== undefined) return spec.written;
  const { kind, listener, port, address, redirected, via, source } = spec;
  const head = `${listener ?? kind}${port === null ? "" : `:${port}`}`;
  const at = `${address === null ? "" : ` at ${address}`}${redirected === "redirected" ? " redirected" : ""}`;
  return `${head}${at}${via.length === 0 ? "" : ` via ${via.join(",")}`}${source === null ? "" : ` from ${source}`}`;
}

/**
 * Gives a landing as authors write it: `envoy-inbound:15006`, `app:8080 via envoy-inbound from 127.0.0.6`, `upstream:3128 at 10.1.0.1`,
 * `refused`. The address that accepted is in it for a listener on another host that was not dialled itself: only there does it say where
 * the flow went. The source's port, original destinations and a loop's hops are not in it. The inverse of {@link parseLandingText} where
 * nothing is `redirected`, which only the flow tells.
 *
 * @example
 * renderLanding(makeLanding("listener", { listener: "envoy-inbound", port: 15006, source: "10.244.0.3:41234" }))
 * // "envoy-inbound:15006 from 10.244.0.3"
 */
export function renderLanding(landing: Landing): string {
  return landing.kind === "could-not-look"
    ? landing.kind
    : renderLandingSpec(demandAlike({ ...landing, kind: landing.kind }));
}

/**
 * Gives the demand for a landing like one that was seen, as {@link renderLanding} writes it.
 *
 * @example
 * demandAlike(makeLanding("listener", { host: "pod", listener: "app", port: 8080, source: "127.0.0.6:41234" }))
 * // { kind: "listener", listener: "app", port: 8080, address: null, via: [], source: "127.0.0.6", redirected: "as-dialled" }
 */
export function demandAlike(landing: Landing & { readonly kind: EndingKind }): LandingSpec {
  const { kind, listener, port, address, source, hops } = landing;
  if (kind === "loop") return makeLandingSpec("loop");
  const via = hops.map((hop) => hop.listener);
  if (kind === "replied") return makeLandingSpec(kind, { address });
  if (kind !== "listener") return makeLandingSpec(kind, { via });
  return makeLandingSpec(kind, {
    listener,
    port,
    address: hasToldAddress(landing) ? address : null,
    via,
    source: source === null ? null : (parseEndpoint(source)?.address ?? source),
  });
}

/** Another host has many addresses; what was translated to one of them is told apart by it. */
function hasToldAddress({ kind, host, address, originalDestination }: Landing): boolean {
  return kind === "listener" && host !== "pod" && address !== null && originalDestination !== null;
}
