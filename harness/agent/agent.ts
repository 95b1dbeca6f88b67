import { readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { runNamespaceCommand } from "./command.ts";
import { forgetConnections } from "./connection-tracking.ts";
import { readContents } from "./contents.ts";
import { DatagramCrew } from "./datagram-crew.ts";
import { dialAll } from "./dialler.ts";
import { EnvoyProcess } from "./envoy-process.ts";
import { CallError } from "./fault.ts";
import { OUTER_PID, runInNamespace } from "./identity.ts";
import { KernelRules, nameTool } from "./kernel-rules.ts";
import { ListenerRegistry } from "./listener-registry.ts";
import { ListeningCrew } from "./listening-crew.ts";
import { Namespaces } from "./namespaces.ts";
import { configureNetwork, removePolicyRouting } from "./policy-routing.ts";
import type { AgentFacts, CallName, CallParams, CallResult, EventLine, IptablesVariant, Seen } from "./protocol.ts";
import { RuleTrace } from "./rule-trace.ts";
import { RulesScripts } from "./rules-scripts.ts";

/** Carries out a call of the protocol by its name. */
export type Calls = { readonly [N in CallName]: (params: CallParams<N>) => Promise<CallResult<N>> };

/**
 * Gives the calls of one agent, described in the protocol; they share what they make. `tell` is given what it says unasked. A call throws
 * `agent-failed` where it ends a trace that was not started.
 */
export function makeCalls(tell: (event: EventLine) => void): Calls {
  const tellRecords = (records: readonly Seen[]) => tell({ event: "seen", records });
  const namespaces = new Namespaces();
  const datagrams = new DatagramCrew(tellRecords, () => namespaces.areMade);
  const crew = new ListeningCrew(datagrams, tellRecords);
  const registry = new ListenerRegistry(crew, namespaces);
  const rulesByName = new Map<string | null, KernelRules>();
  const rulesOf = (name: string | null) => {
    const rules = rulesByName.get(name) ?? new KernelRules(namespaces.find(name));
    rulesByName.set(name, rules);
    return rules;
  };
  const scripts = new RulesScripts();
  const traces = new Map<string | null, RuleTrace>();
  let envoy: EnvoyProcess | null = null;
  const stopEnvoy = async () => {
    await envoy?.[Symbol.asyncDispose]();
    envoy = null;
    return null;
  };
  return {
    hello: ({ variant }) => describeAgent(variant),
    "open-namespaces": async ({ names }) => {
      namespaces.open(names);
      for (const name of names) rulesByName.delete(name);
      return { paths: namespaces.listPaths() };
    },
    configure: async ({ namespace, sysctls, ip }) => {
      runInNamespace(namespaces.find(namespace), () => writeSysctls(sysctls));
      await configureNetwork(namespaces.find(namespace), ip);
      return null;
    },
    listen: ({ listeners }) => registry.bringTo(listeners),
    dial: async ({ dials, inFlight }) => {
      const results = await dialAll(dials, inFlight, datagrams, (name) => namespaces.find(name));
      await crew.flush();
      return { results };
    },
    sync: async () => {
      await crew.flush();
      return null;
    },
    "forget-connections": async ({ namespace }) => {
      await forgetConnections(namespaces.find(namespace));
      return null;
    },
    apply: async (params) => {
      await rulesOf(params.namespace).apply(params);
      return null;
    },
    clear: async ({ namespace, variant, policyRouting }) => {
      await scripts.end();
      if (policyRouting !== null) await removePolicyRouting(namespaces.find(namespace), policyRouting);
      await rulesOf(namespace).clear(variant, policyRouting === null ? "nobody-else" : "somebody-else");
      return null;
    },
    "clear-all": async ({ namespace, variant }) => {
      await scripts.end();
      await rulesOf(namespace).clearAll(variant);
      return null;
    },
    "read-contents": ({ namespace }) => readContents(namespaces.find(namespace)),
    "list-loaded": ({ namespace, variant, ...texts }) => rulesOf(namespace).listLoaded(variant, texts),
    remember: async ({ namespace }) => {
      await rulesOf(namespace).remember();
      return null;
    },
    "refuse-other-routes": async ({ namespace }) => {
      await rulesOf(namespace).refuseOtherRoutes();
      return null;
    },
    "run-script": ({ namespace, ...script }) => scripts.run({ ...script, namespace: namespaces.find(namespace) }),
    counters: ({ namespace, variant, others }) => rulesOf(namespace).counters(variant, others ?? "nobody-else"),
    "start-trace": async ({ namespace }) => {
      traces.set(namespace, await RuleTrace.start(namespaces.find(namespace)));
      return null;
    },
    "end-trace": async ({ namespace }) => {
      const trace = traces.get(namespace);
      if (trace === undefined) throw new CallError("agent-failed", "no trace was started");
      traces.delete(namespace);
      return trace.end();
    },
    run: async ({ namespace, ...command }) =>
      runNamespaceCommand({ ...command, namespace: namespaces.find(namespace) }),
    "start-envoy": async (spec) => {
      await stopEnvoy();
      envoy = await EnvoyProcess.start(spec, namespaces.find(spec.namespace), (lines) =>
        tell({ event: "logged", lines }),
      );
      return null;
    },
    "stop-envoy": stopEnvoy,
  };
}

async function describeAgent(variant: IptablesVariant): Promise<AgentFacts> {
  const version = runNamespaceCommand({ namespace: null, command: [nameTool("iptables", variant, null), "--version"] });
  const iptables = await version.then(
    ({ stdout }) => stdout.trim().replace(/^iptables v?/, ""),
    () => null,
  );
  return { pid: OUTER_PID, kernel: release(), iptables };
}

/** `/proc/sys/net` shows the namespace of the thread that looks. */
function writeSysctls(sysctls: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(sysctls))
    writeFileSync(join("/proc/sys", name), name.endsWith("/ping_group_range") ? limitGroups(value) : value);
}

/** Limits a range of groups from 0 to those that the agent's user namespace maps; the kernel refuses others (net/ipv4/ping.c). */
function limitGroups(range: string): string {
  const [, last = 0] = range.split(" ").map(Number);
  const lines = readFileSync("/proc/self/gid_map", "utf8").trim().split("\n");
  const mapped = lines.map((line) => line.trim().split(/\s+/).map(Number)).sort(([a = 0], [b = 0]) => a - b);
  const end = mapped.reduce((next, [first = 0, , count = 0]) => (first === next ? first + count : next), 0);
  return `0 ${Math.min(last, end - 1)}`;
}
