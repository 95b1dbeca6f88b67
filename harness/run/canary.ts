import { resolveLanding } from "../contract/expected-landing.ts";
import type { Family } from "../model/address.ts";
import { resolveFlow } from "../model/flow-resolution.ts";
import { parseFlowText } from "../model/flow-text.ts";
import { landingsAgree } from "../model/landing.ts";
import { parseLandingText } from "../model/landing-text.ts";
import type { UdpPorts } from "../model/pod.ts";
import { describeLanding } from "../report/landing-phrase.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { BoundScenario } from "./scenario/bound-scenario.ts";

/** A port that no scenario of landfall listens on; scenarios that do listen there have one canary fewer. */
const CLOSED_PORT = 9;

/** What the canary flows need to know: what stands in the sandbox, and the families they are for. */
export interface CanarySetting extends Pick<BoundScenario, "spec"> {
  readonly families: readonly Family[];
}

/**
 * Drives flows whose landing is known while no rules are in: to a listener, to a closed port, to a peer; by UDP too where somebody takes
 * datagrams. Gives null if each landed where
 * it must, else a sentence that says which did not. A harness that fails here sees nothing, and nothing it says of other flows counts.
 */
export async function findBlindness(sandbox: Sandbox, setting: CanarySetting, when: string): Promise<string | null> {
  const canaries = bindCanaries(sandbox, setting);
  // Together, so that a sandbox in which nothing answers is known after one time-out.
  const seen = await sandbox.drive(canaries, { inFlight: canaries.length });
  const blind = canaries.find(({ expected }, i) => !landingsAgree(expected, seen[i]?.landing ?? expected) || !seen[i]);
  if (!blind) return null;
  const landing = seen[canaries.indexOf(blind)]?.landing;
  const saw = landing ? describeLanding(landing) : "nothing";
  return `${when}, without rules, the canary flow ${blind.flow.flow} must land on ${describeLanding(blind.expected)}, but the harness saw ${saw}`;
}

function listUdpCanaries({ app, upstream }: UdpPorts, six: string): readonly (readonly [string, string])[] {
  const [port, upstreamPort] = [app[0], upstream[0]];
  return [
    ...(port === undefined ? [] : [[`client${six} -> pod${six}:${port}/udp`, `app:${port}`] as const]),
    ...(app.includes(CLOSED_PORT) ? [] : [[`app${six} -> pod${six}:${CLOSED_PORT}/udp`, "refused"] as const]),
    ...(upstreamPort === undefined
      ? []
      : [[`app${six} -> upstream${six}:${upstreamPort}/udp`, `upstream:${upstreamPort}`] as const]),
  ];
}

function bindCanaries({ addresses }: Sandbox, { spec, families }: CanarySetting) {
  const { shape } = spec;
  const [upstreamPort] = spec.upstreamPorts;
  // A port of the app's, if the proxy has left it any.
  const appPort = spec.listen.includes(8080) ? 8080 : spec.listen[0];
  const status = shape.listeners.find(({ role, host }) => role === "status" && host === "pod");
  const open = appPort === undefined ? status && [status.port, status.name] : [appPort, "app"];
  const answer = families.flatMap((family) => {
    const six = family === 6 ? "6" : "";
    return [
      ...(open === undefined ? [] : [[`client${six} -> pod${six}:${open[0]}`, `${open[1]}:${open[0]}`]]),
      ...(spec.listen.includes(CLOSED_PORT) ? [] : [[`app${six} -> pod${six}:${CLOSED_PORT}`, "refused"]]),
      ...(upstreamPort === undefined
        ? []
        : [[`app${six} -> upstream${six}:${upstreamPort}`, `upstream:${upstreamPort}`]]),
      ...(spec.udp === undefined ? [] : listUdpCanaries(spec.udp, six)),
    ];
  });
  return answer.map(([flowText = "", landingText = ""]) => {
    const text = parseFlowText(flowText, shape);
    const landing = parseLandingText(landingText, shape, flowText);
    if (!text.ok || !landing.ok) throw new RangeError(`${flowText} and ${landingText} cannot be read`);
    const flow = resolveFlow(text.value, addresses, shape);
    const expected = resolveLanding(landing.value, flow, { shape, addresses });
    return { flow, manner: "answer", expected } as const;
  });
}
