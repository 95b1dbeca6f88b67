import type { Family } from "../../model/address.ts";
import { codedFinding } from "../../model/finding.ts";
import type { FlowProtocol } from "../../model/flow.ts";
import type { FlowSet } from "../../model/flow-set.ts";
import { parseFlowSet } from "../../model/flow-set-text.ts";
import { listWords } from "../../model/listed-words.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import { refuse } from "../refusal.ts";
import type { OptionSpec } from "./options.ts";

/** The option that restricts an analysis. */
export const WITHIN_OPTION: OptionSpec = {
  name: "within",
  value: "FLOWS",
  help: "analyses only these flows, which takes fewer nodes: 'app -> 10.0.0.0/8:443', 'client -> pod:*'; /udp asks about datagrams, /tcp+udp about both, and /icmp in place of the port about pings (docs/properties.md)",
};

/** Reads `--within`; null without it. Throws `bad-input` where it names no flows, or those of a family that is not under test. */
export function readWithin(
  text: string | undefined,
  {
    shape,
    addresses,
    tested,
    protocols = ["tcp"],
  }: {
    readonly shape: PodShape;
    readonly addresses: SandboxAddresses;
    readonly tested: readonly Family[];
    /** Those whose flows the command can be asked about; TCP alone where they are not given. */
    readonly protocols?: readonly FlowProtocol[];
  },
): FlowSet | null {
  if (text === undefined) return null;
  const parsed = parseFlowSet(text, "--within", { addresses, shape, protocols });
  if (!parsed.ok) throw refuse(parsed.findings);
  if (tested.includes(parsed.value.family)) return parsed.value;
  throw refuse([
    codedFinding("wrong-family", "--within", `"${text}" is IPv${parsed.value.family}, which is not under test.`),
  ]);
}

/** Gives the protocols that an analysis looks at, as data: those of the flows asked about, or else its own: TCP where it has none. */
export function analysedProtocols(
  within: FlowSet | undefined,
  protocols: readonly FlowProtocol[] = ["tcp"],
): readonly string[] {
  return within?.protocols ?? protocols;
}

/** Gives protocols for a sentence: `TCP`, `UDP`, `TCP, UDP or ICMP`. */
export function nameProtocols(protocols: readonly string[]): string {
  return listWords(
    protocols.map((name) => name.toUpperCase()),
    "or",
  );
}

/** Says before an answer which flows it is about, where these are not all. */
export function renderWithin(within: FlowSet | undefined): string {
  return within ? `Only for the flows ${within.text}:\n` : "";
}

/** Gives the same as data for JSON: `{ within: "client -> pod:*" }`, or nothing where all flows are asked about. */
export function withinData(within: FlowSet | undefined): { readonly within?: string } {
  return within ? { within: within.text } : {};
}
