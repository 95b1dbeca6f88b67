import { mapFlows } from "../../harness/analysis/map.ts";
import { describeInjected } from "../../harness/cli/arguments/default-settings.ts";
import { MESHES, type NamedMesh } from "../../harness/meshes/meshes.ts";
import { parseFlowSet } from "../../harness/model/flow-set-text.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { emptyRuleset, NO_RULES } from "../../harness/model/ruleset.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { bindInjected } from "../injected.ts";

/** Flows of each kind that meshes treat differently, with what they are. */
const ROWS: readonly (readonly [flows: string, what: string])[] = [
  ["client -> pod:*", "a peer calls the pod"],
  ["app -> elsewhere:*", "the workload calls out"],
  ["app -> pod:*", "the workload calls the pod's own address"],
  ["app -> localhost:*", "the workload calls 127.0.0.1"],
  ["app -> 127.0.0.2:*", "the workload calls another loopback address"],
  ["root -> elsewhere:*", "root in the pod calls out"],
  ["proxy -> elsewhere:*", "the proxy calls out"],
  ["proxy -> pod:*", "the proxy calls the pod's own address"],
  ["app -> elsewhere:*/udp", "the workload sends datagrams"],
  ["app -> 10.96.0.10:53/udp", "the workload asks the pod's name server"],
  ["client -> pod:*/udp", "a peer sends datagrams"],
  ["client6 -> pod6:*", "a peer calls the pod over IPv6"],
  ["app -> elsewhere6:*", "the workload calls out over IPv6"],
];

/** Where a mesh's injected default lands some flows: each landing, and under which conditions where there are several. */
function describeLandings(mesh: NamedMesh, flows: string): string {
  const family = flows.includes("6:") || flows.includes("6 ->") ? 6 : 4;
  const capture = bindInjected(mesh, family);
  const { shape } = capture;
  const parsed = parseFlowSet(flows, flows, { addresses: DEFAULT_ADDRESSES, shape, protocols: ["tcp", "udp"] });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const generated = capture.generated ?? NO_RULES;
  const rules = { ...generated, ip: generated.ip ?? emptyRuleset(4), ip6: generated.ip6 ?? emptyRuleset(6) };
  const classes = mapFlows(rules, family, {
    spec: makePodSpec(capture, [], [], DEFAULT_ADDRESSES),
    addresses: DEFAULT_ADDRESSES,
    passThrough: rules.policyRouting.addresses.length > 0 ? "there" : "absent",
    within: parsed.value,
  });
  const lanes = [...Map.groupBy(classes, ({ lane }) => lane)].map(([lane, members]) => {
    const lines = members.map(({ kind, class: text }) => {
      const conditions = text.slice(lane.length + 2);
      return conditions === "all" ? kind : `${kind}: ${conditions}`;
    });
    return { lane, text: lines.join("<br>") };
  });
  const [usual, ...others] = lanes;
  // Flows whose sockets differ, by a mark say, are told where they land otherwise.
  const different = others.filter(({ text }) => text !== usual?.text);
  return [usual?.text ?? "", ...different.map(({ lane, text }) => `*${lane.split(", of ")[0]}:* ${text}`)].join("<br>");
}

/** Gives the document that compares the meshes' injected defaults, made by the same analysis as `landfall map`. */
export function renderComparison(): string {
  const names = MESHES.map(({ name }) => `[${name}](meshes/${name}.md)`);
  const rows = ROWS.map(([flows, what]) => {
    const cells = MESHES.map((mesh) => describeLandings(mesh, flows));
    return `| ${what}: \`${flows}\` | ${cells.join(" | ")} |`;
  });
  const settings = MESHES.map((mesh) => `- ${mesh.name}: ${describeInjected(mesh)}`);
  return `# The meshes side by side

Where the same flows land under the settings that each mesh's injector gives its pods; Kuma's gives none, so its tool's own defaults count. \`npm run compare-meshes\` writes this file by the analysis behind \`landfall map\`; a test holds it to be current. The pod has the address 10.244.0.2, in the rows about IPv6 fd00:244::2 after it, and the name server 10.96.0.10: \`landfall map --mesh kuma --pod-ip 10.244.0.2,fd00:244::2\` shows such a pod.

A landing is a listener and its port. \`as dialled\`: no rule changes anything, whoever listens there. \`dialled itself\`: somebody dialled the proxy's own port. \`rejected\`: a rule refuses the flow, which whoever dials sees as refused. In italics stand flows of the same row that take another way, such as sockets with a mark.

| flows | ${names.join(" | ")} |
|---|${MESHES.map(() => "---|").join("")}
${rows.join("\n")}

The settings:

${settings.join("\n")}

What a move from one to another changes, class by class, \`diff\` tells; it ends with exit code 1 where flows land differently:

\`\`\`sh
landfall diff --from linkerd --to 'istio --redirect-dns -u 1337 -b "*" -i "*"' --within 'app -> elsewhere:*'
\`\`\`

Both sides are rules of a mesh, in that mesh's own pod, and both families are compared. A flow lands alike where either proxy takes it in the same role ([decision 91](decisions/0091-two-meshes-are-compared-by-role.md)).
`;
}
