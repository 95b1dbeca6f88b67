import { resolveLanding } from "../contract/expected-landing.ts";
import type { Family } from "../model/address.ts";
import { type FlowSpec, NO_PORT } from "../model/flow.ts";
import { resolveFlow } from "../model/flow-resolution.ts";
import { makeFlowSpec, renderFlowText } from "../model/flow-spec.ts";
import { type LandingSpec, landingsAgree, makeLandingSpec } from "../model/landing.ts";
import type { PodSpec, UdpPorts } from "../model/pod.ts";
import { nameRemote } from "../model/remote-listener.ts";
import { describeLanding } from "../report/landing-phrase.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { BoundScenario } from "./scenario/bound-scenario.ts";

/** A port that no scenario of landfall listens on; scenarios that do listen there have one canary fewer. */
const CLOSED_PORT = 9;
const REFUSED = makeLandingSpec("refused");

/** What the canary flows need to know: what stands in the sandbox, and the families they are for. */
export interface CanarySetting extends Pick<BoundScenario, "spec"> {
  readonly families: readonly Family[];
}

/**
 * Drives flows whose landing is known while no rules are in: to a listener, to a closed port, to a peer; by UDP too where somebody takes
 * datagrams, and by ICMP where echoes are driven. Gives null if each landed where it must, else a sentence that says which did not. A
 * harness that fails here sees nothing, and nothing it says of other flows counts.
 */
export async function findBlindness(sandbox: Sandbox, setting: CanarySetting, when: string): Promise<string | null> {
  const canaries = bindCanaries(sandbox, setting);
  // Together, so that a sandbox in which nothing answers is known after one time-out.
  const seen = await sandbox.drive(canaries, { inFlight: canaries.length });
  const blind = canaries.find(({ expected }, i) => !landingsAgree(expected, seen[i]?.landing ?? expected) || !seen[i]);
  if (!blind) return null;
  const landing = seen[canaries.indexOf(blind)]?.landing;
  const saw = landing ? describeLanding(landing) : "nothing";
  return `${when}, without rules, the canary flow ${renderFlowText(blind.flow.spec)} must land on ${describeLanding(blind.expected)}, but the harness saw ${saw}`;
}

/** A canary before it is bound to a sandbox: the flow, and where it must land. */
type Canary = readonly [FlowSpec, LandingSpec];

const onListener = (listener: string, port: number) => makeLandingSpec("listener", { listener, port });

function listTcpCanaries({ shape, listen, upstreamPorts }: PodSpec, family: Family): readonly Canary[] {
  const [upstreamPort] = upstreamPorts;
  // A port of the app's, if the proxy has left it any.
  const appPort = listen.includes(8080) ? 8080 : listen[0];
  const status = shape.listeners.find(({ role, host }) => role === "status" && host === "pod");
  const open = appPort === undefined ? status : { name: "app", port: appPort };
  const dial = (actor: string, target: string, port: number) => makeFlowSpec({ actor, target, family, port });
  return [
    ...(open === undefined ? [] : [[dial("client", "pod", open.port), onListener(open.name, open.port)] as const]),
    ...(listen.includes(CLOSED_PORT) ? [] : [[dial("app", "pod", CLOSED_PORT), REFUSED] as const]),
    ...(upstreamPort === undefined
      ? []
      : [[dial("app", "upstream", upstreamPort), onListener("upstream", upstreamPort)] as const]),
  ];
}

function listUdpCanaries({ app, upstream }: UdpPorts, family: Family): readonly Canary[] {
  const [port, upstreamPort] = [app[0], upstream[0]];
  const dial = (actor: string, target: string, dialled: number) =>
    makeFlowSpec({ actor, target, family, port: dialled, protocol: "udp" });
  return [
    ...(port === undefined ? [] : [[dial("client", "pod", port), onListener("app", port)] as const]),
    ...(app.includes(CLOSED_PORT) ? [] : [[dial("app", "pod", CLOSED_PORT), REFUSED] as const]),
    ...(upstreamPort === undefined
      ? []
      : [[dial("app", "upstream", upstreamPort), onListener("upstream", upstreamPort)] as const]),
  ];
}

/** What comes to a host is seen there, or a lost echo would be told from a blind sandbox by nothing. */
function listEchoCanaries(family: Family): readonly Canary[] {
  const ping = (actor: string, target: string) =>
    [makeFlowSpec({ actor, target, family, port: NO_PORT, protocol: "icmp" }), makeLandingSpec("replied")] as const;
  return [ping("client", "pod"), ping("app", "upstream")];
}

function bindCanaries({ addresses }: Sandbox, { spec, families }: CanarySetting) {
  const { shape, udp, echo } = spec;
  const canaries = families.flatMap((family) => [
    ...listTcpCanaries(spec, family),
    ...(udp === undefined ? [] : listUdpCanaries(udp, family)),
    ...(echo ? listEchoCanaries(family) : []),
  ]);
  return canaries.map(([named, landing]) => {
    const flow = resolveFlow(named, addresses, shape);
    const expected = { ...resolveLanding(landing, flow, { shape, addresses }), address: flow.to.address };
    // A mesh may give one of its own hosts the address of a peer, as which that one then lands.
    return { flow, manner: "answer", expected: nameRemote(expected, shape, { address: landing.address }) } as const;
  });
}
