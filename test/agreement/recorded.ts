import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { renderNftText } from "../../harness/formats/nft/write-nft.ts";
import { parseRoutingTexts, type RoutingTexts, renderRoutingTexts } from "../../harness/formats/routing-texts.ts";
import { FAMILIES, type Family } from "../../harness/model/address.ts";
import type { Manner } from "../../harness/model/flow.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import type { PodSpec } from "../../harness/model/pod.ts";
import { familyKey, type PodRules, type Ruleset, type Table, type TableSource } from "../../harness/model/ruleset.ts";
import type { FlowRequest } from "../../harness/sandbox/sandbox.ts";
import { flowOf } from "../istio-pod.ts";
import { iptablesRules, nftRules } from "../unit/nft-vectors.ts";

/** One flow that was driven, and where a kernel landed it, as `describe` puts it. */
export interface RecordedFlow {
  readonly flow: string;
  readonly manner: Manner;
  readonly landed: string;
  /** Present where the landing depends on what nobody can know from the rules. */
  readonly isUnknown?: true;
}

/** Random rules, the pod they were put into, and the flows that were driven there. */
export interface RecordedCase {
  /** `icmp nft IPv6 3`: the protocol, the rules' format, the family, and which of these it is. */
  readonly name: string;
  readonly family: Family;
  /** Which of the recording's pods it was. */
  readonly pod: number;
  /** Texts of tables, each with where its rules come from, in the order in which they were loaded. */
  readonly rules: readonly { readonly source: TableSource; readonly text: string }[];
  readonly routing: RoutingTexts;
  readonly flows: readonly RecordedFlow[];
}

/** What `test/golden/kernel-flows.json` holds. */
export interface Recording {
  /** What wrote it, and on which kernel. */
  readonly made: string;
  /** What is known of the sandbox in which flows were driven, and not of every pod. */
  readonly assumed: Readonly<Record<string, "holds" | "fails">>;
  readonly pods: readonly PodSpec[];
  readonly cases: readonly RecordedCase[];
}

/** Where the recording is. */
export const RECORDING_FILE: string = resolve(import.meta.dirname, "../golden/kernel-flows.json");

/** Reads a recording. */
export function readRecording(file: string = RECORDING_FILE): Recording {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Gives the texts of rules, a table each, that {@link readRecordedRules} reads. */
export function writeRules({ ip, ip6 }: PodRules): RecordedCase["rules"] {
  return [ip, ip6].flatMap((ruleset) =>
    (ruleset?.tables ?? []).map((table) => ({ source: table.source, text: writeTable(ruleset, table) })),
  );
}

function writeTable(ruleset: Ruleset | null, table: Table): string {
  if (table.source === "nft" || ruleset === null) return renderNftText([table]);
  const text = renderIptablesSave({ ...ruleset, tables: [table] });
  return text.replace(/^#.*\n/gm, "");
}

/** Gives the texts of policy routing. */
export function writeRouting({ policyRouting }: PodRules): RoutingTexts {
  return renderRoutingTexts(policyRouting);
}

/** Gives the rules of a recorded case. */
export function readRecordedRules({ family, rules, routing }: RecordedCase): PodRules {
  const tables = rules.flatMap(({ source, text }): readonly Table[] => {
    const read = source === "nft" ? nftRules(text)[familyKey(family)] : iptablesRules(text, family);
    return (read?.tables ?? []).map((table) => ({ ...table, source }));
  });
  const [ip, ip6] = FAMILIES.map((each): Ruleset | null => (each === family ? { family, tables } : null));
  return { ip: ip ?? null, ip6: ip6 ?? null, policyRouting: parseRoutingTexts(routing) };
}

/** Gives the flow of a recording as it is driven. */
export function readRequest({ flow, manner }: RecordedFlow, { shape }: PodSpec): FlowRequest {
  return { flow: flowOf(flow, shape), manner };
}

/** Gives the text of a flow that {@link readRequest} reads. */
export function writeFlow({ flow }: FlowRequest): string {
  return renderFlowText(flow.spec);
}
