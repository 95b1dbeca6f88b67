import type { Command } from "./command.ts";

/**
 * Every command, by name, with the module that holds it. Loaded only when it runs: `apply` must start fast.
 * A new command is one file and one line here.
 */
export const COMMANDS: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>> = {
  verify: {
    summary: "drives flows and reports where each landed and whether that is right",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  explain: {
    summary: "traces one flow rule by rule to its landing",
    load: async () => (await import("./commands/explain.ts")).explain,
  },
  map: {
    summary: "prints where all TCP flows land, and which rule decides",
    load: async () => (await import("./commands/map.ts")).map,
  },
  diff: {
    summary: "lists which flows land differently under two rule sets",
    load: async () => (await import("./commands/diff.ts")).diff,
  },
  prove: {
    summary: "proves over all flows that the proxy cannot loop, and other guarantees",
    load: async () => (await import("./commands/prove.ts")).prove,
  },
  mutate: {
    summary: "breaks the rules one value at a time and reports which defects the flows miss",
    load: async () => (await import("./commands/mutate.ts")).mutate,
  },
  generate: {
    summary: "prints the rules without applying them",
    load: async () => (await import("./commands/generate.ts")).generate,
  },
  meshes: {
    summary: "lists the supported meshes and their options",
    load: async () => (await import("./commands/meshes.ts")).meshes,
  },
  translate: {
    summary: "prints iptables rules as nftables rules, once proven equal",
    load: async () => (await import("./commands/translate.ts")).translate,
  },
  apply: {
    summary: "applies the rules in the current network namespace",
    load: async () => (await import("./commands/apply.ts")).apply,
  },
  clean: {
    summary: "removes everything that apply created",
    load: async () => (await import("./commands/clean.ts")).clean,
  },
  inspect: {
    summary: "reads a running pod's rules: where flows land, and whether that is right",
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
  init: {
    summary: "writes a first scenario and a CI workflow",
    load: async () => (await import("./commands/init.ts")).init,
  },
  merge: {
    summary: "merges several JSON reports into one",
    load: async () => (await import("./commands/merge.ts")).merge,
  },
  doctor: {
    summary: "reports which backends work here and how to fix the others",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  sweep: {
    summary: "removes containers and networks that ended runs left behind",
    load: async () => (await import("./commands/sweep.ts")).sweep,
  },
  completion: {
    summary: "prints a shell completion script",
    load: async () => (await import("./commands/completion.ts")).makeCompletion(COMMANDS),
  },
};
