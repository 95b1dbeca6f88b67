import { parseAddress } from "../../model/address.ts";
import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import { FLOW_PROTOCOLS, type Manner } from "../../model/flow.ts";
import { cutsOfSet, type FlowSet, holdsFlow, joinCuts } from "../../model/flow-set.ts";
import { parseFlowSet, type SetNames } from "../../model/flow-set-text.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { SplitPoints } from "../../model/split-points.ts";
import { isLandingMet, isLandingTouched, type LandingClaim, parseLandingClaim } from "./landing-claim.ts";
import type { Property } from "./properties.ts";

/**
 * A property as a user writes it: which flows, and where each of them must land (`lands`: on one of these) or must not (`never`: on any).
 *
 * @example
 * { name: "no-ssh-out", flows: "uid=* -> elsewhere:22", except: ["envoy -> elsewhere:22"], never: "as dialled" }
 */
export interface WrittenProperty {
  /** Lower-case words with dashes between them. */
  readonly name: string;
  /** Sets of flows: FLOWs in which ids, addresses and ports may be ranges. */
  readonly flows: string | readonly string[];
  /** Sets of flows that the property says nothing of. */
  readonly except?: string | readonly string[];
  readonly lands?: string | readonly string[];
  readonly never?: string | readonly string[];
  /** How the proxy treats the flows; it answers unless said otherwise. */
  readonly manner?: Manner;
}

/**
 * Reads properties and gives every finding at once. `where` names the file, and each finding also its property, by number from 0, and the
 * field. `taken` are names that other properties have already. An element that is null is passed over: it was found to be no property
 * before. Codes of findings: `invalid-property`, `duplicate`, `invalid-flow-set`, `invalid-landing`, and those of {@link parseFlowSet}.
 *
 * @example
 * parseProperties([{ name: "no-ssh", flows: "uid=* -> elsewhere:22", never: "as dialled" }], "p.ts", shape, [], DEFAULT_ADDRESSES)
 * // { ok: true, value: [{ name: "no-ssh", protocols: ["tcp"], manner: "answer", cuts: …, judge: … }] }
 */
export function parseProperties(
  written: readonly (WrittenProperty | null)[],
  where: string,
  shape: PodShape,
  taken: readonly string[],
  addresses: SandboxAddresses,
): Parsed<readonly Property[]> {
  const names: SetNames = { addresses, shape, protocols: FLOW_PROTOCOLS };
  const findings: Finding[] = findNameFaults(written, taken, where);
  const properties = written.flatMap((property, i) => {
    if (property === null) return [];
    const parsed = parseProperty(property, `${where}: [${i}]`, names);
    if (!parsed.ok) findings.push(...parsed.findings);
    return parsed.ok ? [parsed.value] : [];
  });
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: properties };
}

function findNameFaults(
  written: readonly (WrittenProperty | null)[],
  taken: readonly string[],
  where: string,
): Finding[] {
  const names = [...taken, ...written.map((property) => property?.name ?? "")];
  return written.flatMap((property, i) => {
    if (property === null) return [];
    const { name } = property;
    const place = `${where}: [${i}].name`;
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
      return [
        codedFinding(
          "invalid-property",
          place,
          `"${name}" is not a valid property name; use lower-case words with dashes between them.`,
        ),
      ];
    const isTaken = names.indexOf(name) < taken.length + i;
    return isTaken
      ? [codedFinding("duplicate", place, `There is already a property named ${name}; choose another name.`)]
      : [];
  });
}

function parseProperty(property: WrittenProperty, where: string, names: SetNames): Parsed<Property> {
  const findings: Finding[] = [];
  const readAll = <T>(field: keyof WrittenProperty, parse: (text: string, place: string) => Parsed<T>): readonly T[] =>
    listOf(property[field]).flatMap((text) => {
      const parsed = parse(text, `${where}.${field}`);
      if (!parsed.ok) findings.push(...parsed.findings);
      return parsed.ok ? [parsed.value] : [];
    });
  const readSet = (text: string, place: string) => parseFlowSet(text, place, names);
  const [flows, except] = [readAll("flows", readSet), readAll("except", readSet)];
  const readClaim = (text: string, place: string) => parseLandingClaim(text, names.shape, place);
  const lands = readAll("lands", readClaim);
  const never = readAll("never", readClaim);
  const { name, manner = "answer" } = property;
  if (manner === "answer")
    findings.push(
      ...[...lands, ...never]
        .filter(needsForwarding)
        .map(({ written }) => codedFinding("invalid-property", where, describeManner(written ?? ""))),
    );
  if (findings.length > 0) return { ok: false, findings };
  return { ok: true, value: { ...makeJudge({ flows, except, lands, never, manner }, names.addresses), name, manner } };
}

function describeManner(text: string): string {
  return `"${text}" is a landing of a forwarded flow; add manner: "forward".`;
}

function needsForwarding(claim: LandingClaim): claim is Exclude<LandingClaim, string> {
  return claim !== "as dialled" && (claim.via.length > 0 || claim.kind === "loop");
}

function listOf(texts: string | readonly string[] | undefined): readonly string[] {
  return typeof texts === "string" ? [texts] : (texts ?? []);
}

interface ReadProperty {
  readonly flows: readonly FlowSet[];
  readonly except: readonly FlowSet[];
  readonly lands: readonly LandingClaim[];
  readonly never: readonly LandingClaim[];
  readonly manner: Manner;
}

function makeJudge(
  { flows, except, lands, never, manner }: ReadProperty,
  addresses: SandboxAddresses,
): Pick<Property, "judge" | "cuts" | "protocols"> {
  const cuts = [...flows, ...except].map((set) => [set.family, cutsOfSet(set)] as const);
  const claimed = [...lands, ...never].map(cutsOfClaim);
  const named = new Set(flows.flatMap(({ protocols }) => protocols));
  return {
    protocols: FLOW_PROTOCOLS.filter((protocol) => named.has(protocol)),
    cuts: (family) => joinCuts([...cuts.filter(([of]) => of === family).map(([, each]) => each), ...claimed]),
    judge: (flow, landings, around) => {
      const context = { ...around, isRejected: landings.isRejected };
      const isIn = (set: FlowSet) => holdsFlow(set, flow, addresses);
      if (!flows.some(isIn) || except.some(isIn)) return "not-concerned";
      const landing = landings[manner];
      if (landing.kind === "could-not-look") return "fails";
      const isMet = lands.length === 0 || lands.some((claim) => isLandingMet(claim, flow, landing, context));
      return isMet && !never.some((claim) => isLandingTouched(claim, flow, landing, context)) ? "holds" : "fails";
    },
  };
}

/** A port or an address that a claim names may be the flow's own. */
function cutsOfClaim(claim: LandingClaim): SplitPoints {
  if (claim === "as dialled") return { addresses: [], ports: [], ids: [], marks: [] };
  const port = claim.port === null ? [] : [[BigInt(claim.port), BigInt(claim.port)] as const];
  const named = [claim.source, claim.address].flatMap((address) =>
    address === null ? [] : (parseAddress(address) ?? []),
  );
  return { addresses: named.map(({ value }) => [value, value] as const), ports: port, ids: [], marks: [] };
}
