import { expect } from "vitest";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { parseRoutingTexts, type RoutingTexts } from "../../../harness/formats/routing-texts.ts";
import type { CaptureConfig } from "../../../harness/meshes/istio-1.4/config.ts";
import type { Family } from "../../../harness/model/address.ts";
import type { Flow } from "../../../harness/model/flow.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { BUILT_IN_CHAINS, TABLE_NAMES, type TableName } from "../../../harness/model/iptables-tables.ts";
import type { Landing } from "../../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../../harness/model/pod.ts";
import type { PodRules, Ruleset } from "../../../harness/model/ruleset.ts";

import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { SHAPE, shapeOf } from "../../istio-pod.ts";

/** Envoy as in an IPv6 pod, which connects from `::6` too. */
const DUAL_SHAPE = shapeOf({ podIps: [DEFAULT_ADDRESSES.pod[6]] });

/** The same with another mode or other interfaces. */
export function withShape(
  changes: Partial<Pick<CaptureConfig, "interceptionMode" | "kubevirtInterfaces">>,
): Pick<PodSpec, "shape"> {
  return { shape: shapeOf({ podIps: [DEFAULT_ADDRESSES.pod[6]], ...changes }) };
}

/** A pod whose app listens on 8080, 22 and 81, with upstream on 80 and 443 and as 10.96.0.1 and 2001:db8::1. */
export const SPEC: PodSpec = {
  shape: DUAL_SHAPE,
  listen: [8080, 22, 81],
  upstreamPorts: [80, 443],
  clientPorts: [9090],
  upstreamAddresses: ["10.96.0.1", "2001:db8::1"],
};

const NO_ROUTING: RoutingTexts = { rules: [], routes: [], addresses: [] };

/**
 * Rules written short: a table's name alone begins the table, every other line is one of `iptables-save`; built-in chains need no line.
 * A line that begins with `4 ` or `6 ` belongs to that family alone.
 */
export function rulesOf(lines: readonly string[], routing: Partial<RoutingTexts> = {}): PodRules {
  return {
    ip: parseTables(lines, 4),
    ip6: parseTables(lines, 6),
    policyRouting: parseRoutingTexts({ ...NO_ROUTING, ...routing }),
  };
}

function parseTables(lines: readonly string[], family: Family): Ruleset {
  const own = lines.flatMap((line) =>
    /^[46] /.test(line) ? (line.startsWith(`${family}`) ? line.slice(2) : []) : line,
  );
  const text = TABLE_NAMES.map((table) => renderTable(table, own)).join("");
  const parsed = parseIptablesSave(text, { where: "rules", family });
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => `${found.line}: ${found.message}`).join("\n"));
  return parsed.value;
}

function renderTable(table: TableName, lines: readonly string[]): string {
  const start = lines.indexOf(table);
  if (start < 0) return "";
  const end = lines.findIndex((line, i) => i > start && /^\w+$/.test(line));
  const own = lines.slice(start + 1, end < 0 ? undefined : end);
  const missing = BUILT_IN_CHAINS[table].filter((chain) => !own.some((line) => line.startsWith(`:${chain} `)));
  return [`*${table}`, ...missing.map((chain) => `:${chain} ACCEPT [0:0]`), ...own, "COMMIT", ""].join("\n");
}

/** The flow that a text stands for. */
export function flowOf(text: string): Flow {
  const parsed = parseFlowText(text, SHAPE);
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
  return resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE);
}

/** A landing in one line: `envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.3:0 via envoy-outbound:15001`. */
function describeLanding(landing: Landing): string {
  const { kind, listener, port, originalDestination, source, hops, cause, replyFrom } = landing;
  const via = hops.length > 0 ? ` via ${hops.map((hop) => `${hop.listener}:${hop.port}`).join(",")}` : "";
  if (kind === "could-not-look") return `${kind}: ${cause}`;
  if (replyFrom !== undefined) return `${kind}, answered from ${replyFrom}`;
  if (kind !== "listener") return `${kind}${port === null ? "" : `:${port}`}${via}`;
  return `${listener}:${port}${originalDestination ? ` of ${originalDestination}` : ""} from ${source}${via}`;
}

/** A flow, `forward` before it where the stub is to dial on, and where it lands. */
export type Row = readonly [flow: string, landing: string];

/** Puts rules into the pod and compares every flow's landing; explained, each must come out the same. */
export function check(rules: PodRules, rows: readonly Row[], spec: Partial<PodSpec> = {}): void {
  const pod = compilePod(rules, { ...SPEC, ...spec }, DEFAULT_ADDRESSES);
  const landings = rows.map(([text]) => {
    const manner = text.startsWith("forward ") ? "forward" : "answer";
    const flow = flowOf(text.replace("forward ", ""));
    const landing = pod.land(flow, manner);
    expect(pod.explain(flow, manner, () => "").landing).toEqual(landing);
    return [text, describeLanding(landing)];
  });
  expect(landings).toEqual(rows);
}
