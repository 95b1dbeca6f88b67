import { LandfallError } from "../errors.ts";
import { type BackendState, detectBackends } from "../sandbox/detect.ts";
import type { Command } from "./command.ts";
import { parseOptions } from "./options.ts";

const HELP = `Usage: landfall doctor [--json]

Says which backends work on this machine, and what to do about the others.

  --json   as data: { "formatVersion": "1.0", "backends": [ { "backend", "works", "why", "remedy" } ] }

Exit codes: 0 some backend with a kernel works (docker or netns) · 3 none does
`;

/** `landfall doctor`: what works here and what to do about the rest. */
export const doctor: Command = {
  name: "doctor",
  summary: "says what works here, and what to do about the rest",
  help: HELP,
  async run(args, io) {
    const options = parseOptions(args, [{ name: "json", value: null }]);
    if (!options.ok) throw new LandfallError("bad-usage", "doctor was not understood.", { findings: options.findings });
    const backends = await detectBackends();
    const asJson = options.value.values.has("json");
    io.out(asJson ? `${JSON.stringify({ formatVersion: "1.0", backends }, null, 2)}\n` : renderStates(backends));
    return backends.some(({ backend, works }) => works && backend !== "simulated") ? 0 : 3;
  },
};

function renderStates(backends: readonly BackendState[]): string {
  const lines = backends.map(({ backend, works, why, remedy }) =>
    works ? `${backend.padEnd(10)} works` : `${backend.padEnd(10)} does not work\n  ${why}\n  ${remedy}`,
  );
  return `${lines.join("\n")}\n`;
}
