import { describe, expect, test } from "vitest";
import type { FlowReport, Report, ScenarioReport } from "../../../harness/model/report.ts";
import type { Way } from "../../../harness/model/way.ts";
import { parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";
import { runScenario } from "../../../harness/run/scenario-run.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";
import { runCommand } from "../cli/run-command.ts";

/** Runs scenarios in the simulator and gives their reports, with ways. */
async function report(...words: readonly string[]): Promise<readonly ScenarioReport[]> {
  const { out } = await runCommand("verify", ...words, "--sandbox", "simulated", "--json");
  return (JSON.parse(out) as Report).scenarios;
}

/** Puts a flow's own values in the place of the names of its fields, as a reader of the format would. */
function putBack(text: string, { from, to }: FlowReport): string {
  const values: Readonly<Record<string, string | number>> = {
    "from.address": from.address,
    "from.uid": from.uid,
    "from.gid": from.gid,
    "to.address": to.address,
    "to.port": to.port,
  };
  return text.replace(/\{(?:\{|([^}]*)\})/g, (_, name?: string) => (name === undefined ? "{" : String(values[name])));
}

/** Gives a way in the form in which `explain --json` has it, as far as both tell. */
function spellOut(way: Way, flow: FlowReport, rules: ScenarioReport["rules"]) {
  return way.connections.map(({ dials, packets }) => ({
    dials: putBack(dials, flow),
    packets: packets.map(({ packet, steps, ends }) => ({
      packet,
      steps: steps.map((step) => {
        const [, hook, rule, verdict, why = null] = /^(\S+) (\d+) (\S+?)(?:: (.*))?$/.exec(putBack(step, flow)) ?? [];
        const { table, chain, index } = rules?.[Number(rule)] ?? {};
        return { hook, table, chain, index, verdict: verdict === "no" ? null : verdict, why };
      }),
      ends: ends.map((text) => putBack(text, flow)),
    })),
  }));
}

interface Explained {
  readonly source: string;
  readonly destination: string;
  readonly packets: readonly {
    readonly packet: string;
    readonly steps: readonly Readonly<Record<string, unknown>>[];
    readonly ends: readonly { readonly step: number; readonly source: string; readonly destination: string }[];
  }[];
}

async function explain({ flow, manner }: FlowReport, words: readonly string[]) {
  const forward = manner === "forward" ? ["--forward"] : [];
  const { out } = await runCommand("explain", flow, ...forward, ...words, "--all", "--json");
  const connections: readonly Explained[] = JSON.parse(out).connections;
  return connections.map(({ source, destination, packets }) => ({
    dials: `${source} -> ${destination}`,
    packets: packets
      .filter(({ steps }, i) => i === 0 || steps.length > 0)
      .map(({ packet, steps, ends }) => ({
        packet,
        steps: steps.map(({ hook, table, chain, index, verdict, why }) => ({
          hook,
          table,
          chain,
          index,
          verdict,
          why,
        })),
        ends: ends.map((each) => `${each.step} ${each.source} -> ${each.destination}`),
      })),
  }));
}

describe("the ways of a report", () => {
  test.each([
    ["seed", []],
    ["kuma-defaults", ["--mesh", "kuma"]],
  ] as const)("are those that explain gives, once a flow's own values are filled in: %s", async (name, words) => {
    const [scenario] = await report(name);
    if (!scenario?.ways) throw new Error("no ways");
    expect(scenario.ways.length).toBeLessThan(scenario.flows.length);
    for (const flow of scenario.flows) {
      const way = scenario.ways[flow.way ?? -1];
      if (!way) throw new Error(`${flow.flow} has no way`);
      expect([flow.flow, spellOut(way, flow, scenario.rules)]).toEqual([flow.flow, await explain(flow, words)]);
    }
  });

  test("show where a redirection has rewritten the ends", async () => {
    const [scenario] = await report("seed");
    const flow = scenario?.flows.find((each) => each.flow === "app -> upstream:80" && each.manner === "answer");
    const ends = scenario?.ways?.[flow?.way ?? -1]?.connections[0]?.packets[0]?.ends ?? [];
    expect(ends.map((text) => (flow ? putBack(text, flow).replace(/^\d+ /, "") : ""))).toEqual([
      "10.244.0.2:0 -> 10.244.0.4:80",
      "10.244.0.2:0 -> 127.0.0.1:15001",
    ]);
  });

  test("have only matching rules if there are too many steps, except for flows that landed wrong", async () => {
    const ports = Array.from({ length: 210 }, (_, i) => 2_000 + i);
    const rules = ports.map((port) => `-A PREROUTING -p tcp --dport ${port} -j REDIRECT --to-ports ${port + 10_000}`);
    const answer = Object.fromEntries(ports.map((port) => [`client -> pod:${port}`, "refused"]));
    const scenario = {
      ...{ name: "many", claim: "Many rules.", capture: ["-u", "1337"] },
      rules: { ip: ["*nat", ":PREROUTING ACCEPT", ...rules, "COMMIT", ""].join("\n") },
      answer: { ...answer, "client -> pod:2209": "app:2209" },
    };
    const parsed = parseScenario(scenario, "many.ts");
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
    await using sandbox = await openSandbox("simulated");
    const { report } = await runScenario(parsed.value, sandbox, { ways: "traced" });
    const wayOf = ({ way = -1 }: FlowReport) => report.ways?.[way];
    const stepsOf = (flow: FlowReport) => wayOf(flow)?.connections[0]?.packets[0]?.steps.length;
    const last = report.flows.at(-1);
    expect(last && [last.verdict, wayOf(last)?.steps, stepsOf(last)]).toEqual(["wrong", "all", 210]);
    const passed = report.flows.slice(0, -1);
    const kinds = passed.map((flow) => [wayOf(flow)?.steps, stepsOf(flow)]);
    expect(kinds.slice(0, 2)).toEqual([
      ["all", 1],
      ["all", 2],
    ]);
    expect(kinds.at(-1)).toEqual(["taken", 1]);
  });
});
