import { canonicalAddress, type Family, familyOf } from "./address.ts";
import { codedFinding, type Finding, type Parsed } from "./finding.ts";
import { type FlowSpec, NO_PORT } from "./flow.ts";
import { parseWho } from "./flow-who.ts";
import { findNearNames } from "./near-names.ts";
import { MAX_PORT } from "./pod.ts";
import { actorNames, targetNames } from "./pod-names.ts";
import type { PodShape } from "./pod-shape.ts";

const GRAMMAR =
  "WHO[@SOURCE] -> TARGET:PORT[/udp] or WHO -> TARGET/icmp, as in: client -> pod:8080, app -> upstream:53/udp, envoy@127.0.0.6 -> [2001:db8::1]:443 or app,mark=0x1@:5000 -> upstream:80";
const AGAIN = "again ";
/** What stands for the port of an echo while a target is read: no text of a port. */
const ECHO_PORT = "/icmp";

/**
 * Takes a FLOW apart: `[again ]WHO[@[ADDRESS][:PORT]] -> TARGET:PORT[/tcp|/udp]`, or `WHO[@ADDRESS] -> TARGET/icmp` of an ICMP echo, which
 * has port 0; one space on each side of the arrow. WHO is an actor, `uid=N`, `gid=N`, `mark=N`, or several of them joined by commas. TCP is
 * what is written without a suffix. A name ending in 6 (`pod6`, `client6`) means IPv6; the family is the target's. The names of actors and
 * targets are those of the pod's shape. Gives every finding where the text is not a flow (`invalid-flow`, `unknown-name`), mixes families
 * (`wrong-family`), or cannot be driven (`undrivable-flow`).
 *
 * Only what takes a FLOW from a person or a file calls this (`test/house.test.ts` lists the files): everything else makes and passes {@link
 * FlowSpec}.
 *
 * @example
 * parseFlowText("client -> pod:8080", shape)
 * // { ok: true, value: { actor: "client", ids: {}, source: null, sourcePort: null, mark: 0, target: "pod", family: 4, port: 8080,
 * //   protocol: "tcp", exchange: "first", written: "client -> pod:8080" } }
 */
export function parseFlowText(text: string, shape: PodShape, where = "FLOW"): Parsed<FlowSpec> {
  const exchange = text.startsWith(AGAIN) ? "again" : "first";
  const [left, right, ...rest] = (exchange === "again" ? text.slice(AGAIN.length) : text).split(" -> ");
  if (left === undefined || right === undefined || rest.length > 0) {
    return {
      ok: false,
      findings: [codedFinding("invalid-flow", where, `"${text}" is not a valid flow; write ${GRAMMAR}.`)],
    };
  }
  const findings: Finding[] = [];
  const from = parseWho(left, actorNames(shape), where, findings);
  const { end, protocol } = parseProtocol(right, where, findings);
  const to = parseTo(protocol === "icmp" ? `${end}:${ECHO_PORT}` : end, targetNames(shape), where, findings);
  if (protocol === "icmp" && (exchange === "again" || from?.sourcePort))
    findings.push(
      codedFinding(
        "undrivable-flow",
        where,
        `"${text}": an ICMP echo has no port, and no second exchange over one socket.`,
      ),
    );
  if (exchange === "again" && protocol === "tcp")
    findings.push(
      codedFinding(
        "undrivable-flow",
        where,
        `"${text}": a TCP connection ends with its answer; "again" works with /udp flows only.`,
      ),
    );
  if (from?.family && to && from.family !== to.family) {
    findings.push(
      codedFinding(
        "wrong-family",
        where,
        `"${text}" has an IPv${from.family} source and an IPv${to.family} target; use one family on both sides.`,
      ),
    );
  }
  if (!from || !to || findings.length > 0) return { ok: false, findings };
  const { family: _, ...who } = from;
  return { ok: true, value: { ...who, ...to, protocol, exchange, written: text } };
}

/** Takes `/tcp`, `/udp` or `/icmp` off a target; `end` is null where the rest is not worth reading. */
function parseProtocol(text: string, where: string, findings: Finding[]) {
  const [, end = text, suffix] = /^(.*)\/(.*)$/.exec(text) ?? [];
  if (suffix === undefined || suffix === "tcp") return { end, protocol: "tcp" as const };
  if (suffix === "udp") return { end, protocol: "udp" as const };
  if (suffix === "icmp") return { end, protocol: "icmp" as const };
  findings.push(
    codedFinding(
      "invalid-flow",
      where,
      `"${suffix}" is not a protocol; use /tcp, /udp or /icmp, or write no suffix for TCP.`,
    ),
  );
  return { end, protocol: "tcp" as const };
}

function parseTo(text: string, names: readonly string[], where: string, findings: Finding[]) {
  const found = /^(?:\[([^\]]*)\]|(.*)):([^:]*)$/.exec(text);
  const [, bracketed, plain, portText] = found ?? [];
  if (!found) {
    findings.push(
      codedFinding("invalid-flow", where, `"${text}" is not a target; write TARGET:PORT, an IPv6 address in brackets.`),
    );
    return null;
  }
  const port = readPort(portText ?? "");
  if (port === null)
    findings.push(codedFinding("invalid-flow", where, `"${portText}" is not a port; use 1 to ${MAX_PORT}.`));
  const name = plain ?? "";
  const base = name.endsWith("6") ? name.slice(0, -1) : name;
  if (names.includes(base)) return { target: base, family: (base === name ? 4 : 6) as Family, port: port ?? 0 };
  const address = canonicalAddress(bracketed ?? name);
  if (address === null || (familyOf(address) === 6) !== (bracketed !== undefined)) {
    findings.push(
      codedFinding(
        "unknown-name",
        where,
        `"${bracketed ?? name}" is not a target${sayWhyUnknown(base, names)}; use ${names.join(", ")} (with 6 for IPv6), an IPv4 address, or an IPv6 address in brackets.`,
      ),
    );
    return null;
  }
  return { target: address, family: familyOf(address), port: port ?? 0 };
}

/** An echo has port 0, and stands here with `icmp` for one; null is no port. */
function readPort(text: string): number | null {
  if (text === ECHO_PORT) return NO_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port < 1 || port > MAX_PORT ? null : port;
}

function sayWhyUnknown(word: string, names: readonly string[]): string {
  if (word === "vm") return ": the pod has no interface for a virtual machine";
  const near = findNearNames(word, names);
  return near.length > 0 ? ` (did you mean ${near.join(" or ")}?)` : "";
}
