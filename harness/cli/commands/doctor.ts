import { type BackendState, hasKernel } from "../../model/backends.ts";
import { renderJson } from "../../report/json.ts";
import { detectBackends } from "../../sandbox/detect.ts";
import { detectNft, type NftSupport } from "../../sandbox/netns/nft-detection.ts";
import { type OptionSpec, readOptions, refuseWords } from "../arguments/options.ts";
import type { Command } from "../command.ts";
import { refuseUsage } from "../refusal.ts";
import type { CommandHelp } from "./help.ts";

const OPTIONS: readonly OptionSpec[] = [
  {
    name: "json",
    value: null,
    help: 'prints JSON: { "formatVersion": "1.0", "backends": [ { "backend", "works", "why", "remedy" } ], "tools": [ { "tool", "works", "why", "remedy" } ] }',
  },
];

const HELP: CommandHelp = {
  usage: ["landfall doctor [--json]"],
  about: [
    "Reports which backends work on this machine, and how to fix the others.",
    "It also tries nft with JSON support, by which the netns backend, apply and inspect load and read native nftables rules; containers bring their own.",
  ],
  options: [{ title: "Options", options: OPTIONS }],
  captureFlags: "none",
  examples: [],
  exitCodes: { 0: "at least one backend with a kernel works (docker or netns)", 3: "none does" },
};

/** `landfall doctor`: what works here and what to do about the rest. */
export const doctor: Command = {
  help: HELP,
  async run(args, io) {
    const { options, findings: found } = readOptions(args, OPTIONS);
    const findings = [...found, ...refuseWords(options)];
    if (findings.length > 0) throw refuseUsage(findings);
    const [backends, nft] = await Promise.all([detectBackends(), detectNft()]);
    const asJson = options.values.has("json");
    io.out(asJson ? renderJson({ backends, tools: [nft] }) : renderStates(backends, nft));
    return backends.some(({ backend, works }) => works && hasKernel(backend)) ? 0 : 3;
  },
};

function renderStates(backends: readonly BackendState[], nft: NftSupport): string {
  const lines = [
    ...backends.map((state) => renderState(state.backend, "works", state)),
    renderState("nft", "works, with JSON support", nft),
  ];
  return `${lines.join("\n")}\n`;
}

function renderState(name: string, praise: string, { works, why, remedy }: Omit<NftSupport, "tool">): string {
  return works ? `${name.padEnd(10)} ${praise}` : `${name.padEnd(10)} does not work\n  ${why}\n  ${remedy}`;
}
