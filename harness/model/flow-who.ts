import { canonicalAddress, type Family, familyOf, unspecifiedAddress } from "./address.ts";
import { codedFinding, type Finding } from "./finding.ts";
import type { FlowSpec } from "./flow.ts";
import { findNearNames } from "./near-names.ts";
import { hostOfActor, MAX_ID, MAX_PORT } from "./pod.ts";

/** The left side of a FLOW, taken apart: `WHO[@[ADDRESS][:PORT]]`. */
interface FlowStart extends Pick<FlowSpec, "actor" | "ids" | "source" | "sourcePort" | "mark"> {
  /** The family that the text names; null where it leaves it open. */
  readonly family: Family | null;
}

/** The highest mark that a socket can have. */
const MAX_MARK = 0xffffffff;
const ANY_SOURCE = { source: null, sourcePort: null };

/**
 * Reads who dials, and from where: `app`, `client6`, `uid=1337,gid=1000`, `gid=1337`, `mark=0x539`, `app,gid=7,mark=1@127.0.0.6:5000`.
 * An id or mark that is not written is the actor's own, or 0 where no actor is named. Adds every fault to `findings`; null where nobody
 * is named. `actors` are the names that the pod's shape knows.
 */
export function parseWho(
  text: string,
  actors: readonly string[],
  where: string,
  findings: Finding[],
): FlowStart | null {
  const at = text.indexOf("@");
  const words = (at < 0 ? text : text.slice(0, at)).split(",");
  const { source, sourcePort } = at < 0 ? ANY_SOURCE : parseSource(text.slice(at + 1), where, findings);
  const name = takeName(words);
  const numbers = readNumbers(words, where, findings);
  const actor = name === null ? null : nameActor(name, actors);
  if (name !== null && actor === null) {
    findings.push(refuseActor(name, actors, where));
    return null;
  }
  const namedFamily: Family | null = name === null || name === actor ? null : 6;
  if (source !== null && namedFamily === 6 && familyOf(source) === 4)
    findings.push(codedFinding("wrong-family", where, `"${text}" names IPv6 and an IPv4 source; use one family.`));
  if (actor !== null) refuseOutside(actor, text, numbers, where, findings);
  const { mark = 0, ...ids } = numbers;
  const family = source === null ? namedFamily : familyOf(source);
  return {
    actor,
    ids: actor === null ? { uid: 0, gid: 0, ...ids } : ids,
    source: bound(source),
    sourcePort,
    mark,
    family,
  };
}

/** A socket that is bound to the unspecified address is bound to none: the route chooses its source. */
function bound(source: string | null): string | null {
  return source === unspecifiedAddress(4) || source === unspecifiedAddress(6) ? null : source;
}

/** Takes the name off the words before `@`; null where they begin with an id or a mark. */
function takeName(words: string[]): string | null {
  return /^(uid|gid|mark)=/.test(words[0] ?? "") ? null : (words.shift() ?? "");
}

function refuseActor(name: string, actors: readonly string[], where: string): Finding {
  const near = findNearNames(name, actors);
  const meant = near.length > 0 ? ` (did you mean ${near.join(" or ")}?)` : "";
  const ids = `uid=N,gid=N (ids below ${MAX_ID + 1})`;
  return codedFinding("unknown-name", where, `"${name}" is not an actor${meant}; use ${actors.join(", ")}, or ${ids}.`);
}

/** Gives an actor's name without its `6`; null where there is no such actor. */
function nameActor(name: string, actors: readonly string[]): string | null {
  if (name.endsWith("6") && actors.includes(name.slice(0, -1))) return name.slice(0, -1);
  return actors.includes(name) ? name : null;
}

type Numbers = { readonly [K in keyof typeof HIGHEST]?: number };

/** The highest value of each, and what to say of one that is higher. */
const HIGHEST = {
  uid: [MAX_ID, `a uid; use a number from 0 to ${MAX_ID} (ids below ${MAX_ID + 1}).`],
  gid: [MAX_ID, `a gid; use a number from 0 to ${MAX_ID} (ids below ${MAX_ID + 1}).`],
  mark: [MAX_MARK, "a mark; use a number from 0 to 0xffffffff, as in app,mark=0x1."],
} as const;

function readNumbers(words: readonly string[], where: string, findings: Finding[]): Numbers {
  const numbers: Partial<Record<keyof typeof HIGHEST, number>> = {};
  for (const word of words) {
    const [, name, digits = ""] = /^(uid|gid|mark)=(.*)$/.exec(word) ?? [];
    const key = name as keyof typeof HIGHEST | undefined;
    if (key === undefined) {
      findings.push(
        codedFinding("invalid-flow", where, `"${word}" cannot follow an actor; write uid=N, gid=N or mark=N.`),
      );
      continue;
    }
    const value = /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(digits) ? Number(digits) : Number.NaN;
    const [highest, remedy] = HIGHEST[key];
    if (numbers[key] !== undefined)
      findings.push(codedFinding("duplicate", where, `"${word}" gives a second ${key}; remove one.`));
    else if (value <= highest) numbers[key] = value;
    else findings.push(codedFinding("invalid-flow", where, `"${digits}" is not ${remedy}`));
  }
  return numbers;
}

/** Rules of the pod cannot see whose a socket outside the pod is, nor its mark. */
function refuseOutside(
  actor: string,
  text: string,
  { uid, gid, mark }: Numbers,
  where: string,
  findings: Finding[],
): void {
  if (hostOfActor(actor) === "pod") return;
  if (mark !== undefined && mark !== 0)
    findings.push(
      codedFinding(
        "invalid-flow",
        where,
        `"${text}" sets a mark on a socket outside the pod, which no rule in the pod can see; remove the mark.`,
      ),
    );
  if (uid !== undefined || gid !== undefined)
    findings.push(
      codedFinding(
        "invalid-flow",
        where,
        `"${text}" sets the owner of a socket outside the pod, which no rule in the pod can see; remove the owner.`,
      ),
    );
}

/** Reads what stands after `@`: `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS]:PORT` or `:PORT`. */
function parseSource(text: string, where: string, findings: Finding[]) {
  const plain = canonicalAddress(text.replace(/^\[(.*)\]$/, "$1"));
  if (plain !== null) return { source: plain, sourcePort: null };
  const [, bracketed, dotted, portText] = /^(?:\[([^\]]*)\]|([\d.]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? dotted ?? "";
  const source = canonicalAddress(address);
  const sourcePort = Number(portText);
  if ((source === null && address !== "") || !(sourcePort >= 1 && sourcePort <= MAX_PORT))
    findings.push(
      codedFinding(
        "invalid-flow",
        where,
        `"${text}" is not an address; give an address of the actor's host, a port, or both, as in envoy@127.0.0.6 or client@:5000.`,
      ),
    );
  return { source, sourcePort };
}
