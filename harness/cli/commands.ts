import type { Command } from "./command.ts";

/**
 * Every command, by name, with the module that holds it. Loaded only when it runs: `apply` must start fast.
 * A new command is one file and one line here.
 */
export const COMMANDS: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>> = {
  verify: {
    summary: "says where every flow lands, and whether it should",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  generate: {
    summary: "prints the rules, not applied",
    load: async () => (await import("./commands/generate.ts")).generate,
  },
  meshes: {
    summary: "lists the meshes whose rules are known, and their options",
    load: async () => (await import("./commands/meshes.ts")).meshes,
  },
  apply: {
    summary: "puts the rules into the network namespace it runs in",
    load: async () => (await import("./commands/apply.ts")).apply,
  },
  clean: {
    summary: "takes out of it everything the generator makes",
    load: async () => (await import("./commands/clean.ts")).clean,
  },
  explain: {
    summary: "tells the way of one flow, rule by rule, to its landing",
    load: async () => (await import("./commands/explain.ts")).explain,
  },
  map: {
    summary: "tells where every TCP flow lands: the complete table",
    load: async () => (await import("./commands/map.ts")).map,
  },
  translate: {
    summary: "prints rules of iptables as rules of nftables, proven equal",
    load: async () => (await import("./commands/translate.ts")).translate,
  },
  diff: {
    summary: "gives every class of flows that two rule sets land differently",
    load: async () => (await import("./commands/diff.ts")).diff,
  },
  prove: {
    summary: "proves that the proxy cannot loop, and the other guarantees, over all TCP flows",
    load: async () => (await import("./commands/prove.ts")).prove,
  },
  doctor: {
    summary: "says what works here, and what to do about the rest",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  inspect: {
    summary: "prints the rules that a running container has, and where they bring every TCP flow",
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
  mutate: {
    summary: "breaks the rules one value at a time and says which defects the flows would miss",
    load: async () => (await import("./commands/mutate.ts")).mutate,
  },
  sweep: {
    summary: "removes what dead runs left",
    load: async () => (await import("./commands/sweep.ts")).sweep,
  },
  init: {
    summary: "writes a first scenario and a CI workflow",
    load: async () => (await import("./commands/init.ts")).init,
  },
  merge: {
    summary: "joins several JSON reports into one",
    load: async () => (await import("./commands/merge.ts")).merge,
  },
  completion: {
    summary: "prints shell completion",
    load: async () => (await import("./commands/completion.ts")).makeCompletion(COMMANDS),
  },
};
