import { canonicalAddress, type Family, familyOf } from "./address.ts";
import { codedFinding, type Finding, finding, type Parsed } from "./finding.ts";
import { findNearNames } from "./near-names.ts";
import { hostOfActor, MAX_ID, MAX_PORT, type Owner } from "./pod.ts";
import { actorNames, type PodShape } from "./pod-shape.ts";

/** A FLOW taken apart, its names not yet resolved. */
export interface FlowText {
  readonly text: string;
  /** An actor's name without its `6`, or `uid=N,gid=M`. */
  readonly actor: string;
  /** The address behind `@`, canonical; null where none is written. */
  readonly source: string | null;
  /** The port behind `@`; null where none is written: the kernel chooses one. */
  readonly sourcePort: number | null;
  /** The socket's mark, 0 where none is written. */
  readonly mark: number;
  /** `pod`, `upstream`, `client`, `localhost` without their `6`, or a canonical address. */
  readonly target: string;
  readonly family: Family;
  readonly port: number;
}

const TARGET_NAMES = ["pod", "upstream", "client", "localhost"];
const GRAMMAR =
  "ACTOR[@SOURCE] -> TARGET:PORT, as in: client -> pod:8080, envoy@127.0.0.6 -> [2001:db8::1]:443 or app,mark=0x1@:5000 -> upstream:80";
/** The greatest mark that a socket can have. */
const MAX_MARK = 0xffffffff;

/**
 * Takes a FLOW apart: `ACTOR[,mark=N][@[ADDRESS][:PORT]] -> TARGET:PORT`, one space each side of the arrow.
 * A name ending in 6 (`pod6`, `client6`) means IPv6; the family is the target's.
 * The names of actors and targets are those of the pod's shape. Gives every finding where the text is not a flow, or mixes families.
 */
export function parseFlowText(text: string, shape: PodShape, where = "FLOW"): Parsed<FlowText> {
  const [left, right, ...rest] = text.split(" -> ");
  if (left === undefined || right === undefined || rest.length > 0) {
    return { ok: false, findings: [finding(where, `"${text}" is not a flow; write ${GRAMMAR}.`)] };
  }
  const findings: Finding[] = [];
  const from = parseFrom(left, actorNames(shape), where, findings);
  const to = parseTo(right, Object.keys(shape.hosts), where, findings);
  if (from?.family && to && from.family !== to.family) {
    findings.push(
      codedFinding(
        "wrong-family",
        where,
        `"${text}" starts in IPv${from.family} and ends in IPv${to.family}; use one family on both sides.`,
      ),
    );
  }
  if (!from || !to || findings.length > 0) return { ok: false, findings };
  const { actor, source, sourcePort, mark } = from;
  return { ok: true, value: { text, actor, source, sourcePort, mark, ...to } };
}

function parseFrom(text: string, actors: readonly string[], where: string, findings: Finding[]) {
  const at = text.indexOf("@");
  const { name, mark } = parseMark(at < 0 ? text : text.slice(0, at), where, findings);
  const { source, sourcePort } = at < 0 ? ANY_SOURCE : parseSource(text.slice(at + 1), where, findings);
  const actor = name.endsWith("6") && actors.includes(name.slice(0, -1)) ? name.slice(0, -1) : name;
  const owner = parseOwner(name);
  const isOwner = owner !== null && owner.uid <= MAX_ID && owner.gid <= MAX_ID;
  if (!isOwner && !actors.includes(actor)) {
    const near = findNearNames(name, actors);
    const meant = near.length > 0 ? ` (did you mean ${near.join(" or ")}?)` : "";
    findings.push(
      codedFinding(
        "unknown-name",
        where,
        `"${name}" is not an actor${meant}; use ${actors.join(", ")} or uid=N,gid=M (ids below ${MAX_ID + 1}).`,
      ),
    );
    return null;
  }
  const namedFamily: Family | null = actor === name ? null : 6;
  if (source !== null && namedFamily === 6 && familyOf(source) === 4) {
    findings.push(codedFinding("wrong-family", where, `"${text}" names IPv6 and an IPv4 source; use one family.`));
  }
  if (mark !== 0 && hostOfActor(actor) !== "pod")
    findings.push(finding(where, `"${text}" marks a socket outside the pod, which no rule of the pod can see.`));
  return { actor, source, sourcePort, mark, family: source === null ? namedFamily : familyOf(source) };
}

const ANY_SOURCE = { source: null, sourcePort: null };

/** Takes `,mark=N` off an actor, decimal or with `0x`. */
function parseMark(text: string, where: string, findings: Finding[]) {
  const [, name = text, digits] = /^(.*),mark=(.*)$/.exec(text) ?? [];
  if (digits === undefined) return { name, mark: 0 };
  const mark = /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(digits) ? Number(digits) : Number.NaN;
  if (mark <= MAX_MARK) return { name, mark };
  findings.push(finding(where, `"${digits}" is not a mark; use a number from 0 to 0xffffffff, as in app,mark=0x1.`));
  return { name, mark: 0 };
}

/** Reads what stands behind `@`: `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS]:PORT` or `:PORT`. */
function parseSource(text: string, where: string, findings: Finding[]) {
  const plain = canonicalAddress(text.replace(/^\[(.*)\]$/, "$1"));
  if (plain !== null) return { source: plain, sourcePort: null };
  const [, bracketed, dotted, portText] = /^(?:\[([^\]]*)\]|([\d.]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? dotted ?? "";
  const source = canonicalAddress(address);
  const sourcePort = Number(portText);
  if ((source === null && address !== "") || !(sourcePort >= 1 && sourcePort <= MAX_PORT))
    findings.push(
      finding(
        where,
        `"${text}" is not an address; name one the actor's host has, a port, or both, as in envoy@127.0.0.6, client@:5000.`,
      ),
    );
  return { source, sourcePort };
}

function parseTo(text: string, hosts: readonly string[], where: string, findings: Finding[]) {
  const names = [...TARGET_NAMES, ...hosts];
  const found = /^(?:\[([^\]]*)\]|(.*)):([^:]*)$/.exec(text);
  const [, bracketed, plain, portText] = found ?? [];
  if (!found) {
    findings.push(finding(where, `"${text}" is not a target; write TARGET:PORT, an IPv6 address in brackets.`));
    return null;
  }
  const port = /^\d{1,5}$/.test(portText ?? "") ? Number(portText) : 0;
  if (port < 1 || port > MAX_PORT) findings.push(finding(where, `"${portText}" is not a port; use 1 to ${MAX_PORT}.`));
  const name = plain ?? "";
  const base = name.endsWith("6") ? name.slice(0, -1) : name;
  if (names.includes(base)) return { target: base, family: (base === name ? 4 : 6) as Family, port };
  const address = canonicalAddress(bracketed ?? name);
  if (address === null || (familyOf(address) === 6) !== (bracketed !== undefined)) {
    findings.push(
      codedFinding(
        "unknown-name",
        where,
        `"${bracketed ?? name}" is not a target; use ${names.join(", ")} (with 6 for IPv6), an IPv4 address, or an IPv6 address in brackets.`,
      ),
    );
    return null;
  }
  return { target: address, family: familyOf(address), port };
}

/** Reads `uid=N,gid=M`; null where it is none. */
export function parseOwner(text: string): Owner | null {
  const [, uid, gid] = /^uid=(\d+),gid=(\d+)$/.exec(text) ?? [];
  return uid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}
