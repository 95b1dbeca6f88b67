import { BACKENDS, type BackendChoice, KERNEL_BACKENDS } from "../../model/backends.ts";
import type { ParsedScenario } from "../../run/scenario/parsed-scenario.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { placePod } from "../arguments/pod-addresses.ts";
import type { CommandIo } from "../command.ts";
import { openInterruptibleSandbox } from "../interruption.ts";
import type { VerifyOptions } from "./options.ts";
import { isMadeFromConfig } from "./scenarios.ts";

/** The backend whose pods can be kept for later runs; `auto` stands for it then. */
const REUSED_BACKEND: BackendChoice =
  KERNEL_BACKENDS.find((name) => BACKENDS[name].pod === "outlives-process") ?? "auto";

/**
 * Opens the sandbox that `verify`'s options ask for; what takes long is told on stderr. In containers a pod that lives for one scenario
 * gets its rules as a mesh gives them, by an init container; one that sees many gets them from its resident agent, unless asked otherwise.
 * `scenarios` are those that it is for, where it is to be reused: a world that has stood for others is not taken up.
 */
export async function openVerifySandbox(
  options: VerifyOptions,
  io: CommandIo,
  life: "one-scenario" | "many-scenarios",
  scenarios: readonly ParsedScenario[] = [],
): Promise<Sandbox> {
  const isReused = options.world === "kept-world";
  const isInitialised = options.captureBy === "init-container" || (life === "one-scenario" && !isReused);
  return openInterruptibleSandbox(isReused ? REUSED_BACKEND : options.sandbox, {
    envoy: options.envoy,
    rights: options.rights,
    lifetime: options.afterwards === "keep" ? "kept" : "run",
    captureBy: isInitialised ? "init-container" : "resident-agent",
    ...(isMadeFromConfig(options) ? { addresses: placePod(options.line.capture) } : {}),
    ...(isReused ? { reuse: describePods(scenarios) } : {}),
    say: (text) => io.err(`landfall: ${text}\n`),
  });
}

/**
 * Says what is in the pods of some scenarios, whatever rules they have: owners, listeners, interfaces, addresses, resolvers, the app's
 * ports, policy routing.
 */
function describePods(scenarios: readonly ParsedScenario[]): string {
  const pods = scenarios.map(({ capture: { mesh, shape, podIps }, installation, listen }) => {
    const routing = installation.kind === "script" ? null : installation.rules.policyRouting;
    return JSON.stringify([mesh, shape, podIps, routing, listen]);
  });
  return [...new Set(pods)].toSorted().join("\n");
}
