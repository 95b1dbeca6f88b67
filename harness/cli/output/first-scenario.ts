import { findExpectation } from "../../contract/expectation.ts";
import type { NamedMesh } from "../../meshes/meshes.ts";
import { cutOptionWords } from "../../meshes/option-words.ts";
import type { Capture } from "../../model/capture.ts";
import { isLanding } from "../../model/expectation.ts";
import type { FlowSpec } from "../../model/flow.ts";
import { resolveFlow } from "../../model/flow-resolution.ts";
import { makeFlowSpec, nameWho, renderFlowText } from "../../model/flow-spec.ts";
import { renderLanding } from "../../model/landing-text.ts";
import { NO_LOOKUPS } from "../../model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
import { actorNames } from "../../model/pod-names.ts";
import { makePodSpec } from "../../run/pod-spec.ts";

/** Flows that every mesh says something of; `proxy` is an alias of each mesh's own. */
const FLOWS: readonly FlowSpec[] = [
  makeFlowSpec({ actor: "client", target: "pod", family: 4, port: 8080 }),
  ...["app", "root", "proxy"].map((actor) => makeFlowSpec({ actor, target: "upstream", family: 4, port: 80 })),
  makeFlowSpec({ actor: "app", target: "localhost", family: 4, port: 8080 }),
];

/**
 * Gives a first scenario of a mesh as the text of a module: its injected default, and where its contract lands some flows. A flow of which
 * the contract demands nothing is left out. Throws a RangeError if the mesh refuses its own default.
 */
export function renderFirstScenario(mesh: NamedMesh): string {
  const { pod: own, vm } = DEFAULT_ADDRESSES;
  const pod = { addresses: [own[4]], own, behindLink: vm, resolvers: [] };
  const { words, config } = mesh.injected;
  const tokens = cutOptionWords(words, mesh.options);
  const input = { tokens, config, environment: {}, files: [], names: NO_LOOKUPS, pod };
  const bound = mesh.bind(input, DEFAULT_ADDRESSES);
  if (!bound.ok) throw new RangeError(`${mesh.name} refuses its own injected default.`);
  const answers = FLOWS.flatMap((flow) => {
    const landing = findAnswer(bound.value.capture, flow);
    return landing === null ? [] : `    ${JSON.stringify(renderFlowText(flow))}: ${JSON.stringify(landing)},`;
  });
  return [
    'import { defineScenario } from "landfall";',
    "",
    "export default defineScenario({",
    '  name: "first",',
    '  claim: "The proxy captures connections from peers and the workload, and its own connections are not captured.",',
    `  mesh: ${JSON.stringify(mesh.name)},`,
    "  // What its injector gives; options of the mesh, one word an element.",
    `  capture: ${JSON.stringify(words).replaceAll('","', '", "')},`,
    ...(config === null ? [] : [`  meshConfig: ${JSON.stringify(config.text)},`]),
    "  // Flows that the proxy answers: where they land.",
    "  answer: {",
    ...answers,
    "  },",
    "});",
    "",
  ].join("\n");
}

function findAnswer(capture: Capture, asked: FlowSpec): string | null {
  // Not every pod has a proxy.
  if (!actorNames(capture.shape).includes(nameWho(asked))) return null;
  const flow = resolveFlow(asked, DEFAULT_ADDRESSES, capture.shape);
  const spec = makePodSpec(capture, [flow], [], DEFAULT_ADDRESSES);
  const expected = findExpectation(capture, flow, "answer", DEFAULT_ADDRESSES, spec);
  return expected === null || !isLanding(expected) ? null : renderLanding({ ...expected, address: null, source: null });
}
