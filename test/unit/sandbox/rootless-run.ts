import { AgentSandbox } from "../../../harness/sandbox/agents/agent-sandbox.ts";
import { detectNetns } from "../../../harness/sandbox/netns/detection.ts";
import { startNetnsWorld } from "../../../harness/sandbox/netns/world.ts";
import { NO_ROUTING_TEXT } from "../../../harness/sandbox/pod/routing-text.ts";
import { makeFlow, USUAL_SPEC } from "./sandbox-setup.ts";

/** Run as an ordinary user: prints what is to be said of the backend, and how flows of several owners land under a rule of owners. */
const [state, landings] = [await detectNetns(), [] as string[]];
if (state.works) {
  const world = await startNetnsWorld();
  await using sandbox = new AgentSandbox(world);
  await sandbox.enter(USUAL_SPEC);
  const ip = "*nat\n-A OUTPUT -p tcp -m owner ! --uid-owner 1337 -j REDIRECT --to-ports 15001\nCOMMIT\n";
  const apply = { namespace: "pod", variant: "default", ip, ip6: ip, policyRouting: NO_ROUTING_TEXT } as const;
  await world.stations.get("pod")?.agent.call("apply", apply);
  const flows = [
    "app -> upstream:80",
    "envoy -> upstream:80",
    "app6 -> upstream6:80",
    "client -> pod:22",
    "uid=70000,gid=70000 -> upstream:80",
  ];
  for (const { landing } of await sandbox.drive(flows.map((flow) => makeFlow(flow)))) {
    landings.push(landing.cause ?? landing.listener ?? landing.kind);
  }
}
process.stdout.write(JSON.stringify({ uid: process.getuid?.(), works: state.works, why: state.why, landings }));
