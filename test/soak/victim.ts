import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import { bindCase, CASES } from "../conformance/cases.ts";

/** A run that never ends by itself: it is there to be killed at any moment. */
const sandbox = new AgentSandbox(await startNetnsWorld());
for (;;) {
  for (const scenario of CASES) {
    const bound = bindCase(scenario, sandbox.addresses);
    await sandbox.enter(bound.spec);
    await sandbox.install(bound.installation);
    await sandbox.drive(bound.flows, { inFlight: 16 });
    await sandbox.clear();
  }
}
