import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Expectation, meetsExpectation } from "../../harness/model/expectation.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import type { Landing } from "../../harness/model/landing.ts";
import type { Scenario } from "../../harness/model/scenario.ts";
import { describeLanding } from "../../harness/report/landing-phrase.ts";
import type { CountedRules, Sandbox } from "../../harness/sandbox/sandbox.ts";
import { BACKENDS } from "./backends.ts";
import { bindCase, CASES, renderTable } from "./cases.ts";
import { driveTwice } from "./drive-twice.ts";

const FLOWS_IN_PARALLEL = 400;

function findCase(name: string): Scenario {
  const found = CASES.find((scenario) => scenario.name === name);
  if (!found) throw new RangeError(`there is no case ${name}`);
  return found;
}

function wantedOf(flows: readonly { readonly expected: Expectation }[]): readonly Expectation[] {
  return flows.map(({ expected }) => expected);
}

/** Brings the sandbox to a case, drives its flows together, and gives those that landed elsewhere, in words. */
async function driveCase(scenario: Scenario, sandbox: Sandbox): Promise<readonly string[]> {
  const bound = bindCase(scenario, sandbox.addresses);
  await sandbox.enter(bound.spec);
  await sandbox.install(bound.installation);
  try {
    const seen = await driveTwice(bound.flows, wantedOf(bound.flows), sandbox, 16);
    expect(seen.length).toBe(bound.flows.length);
    return bound.flows.flatMap(({ flow, expected, manner }, i) => {
      const landing = seen[i]?.landing as Landing;
      return meetsExpectation(expected, landing)
        ? []
        : [`${renderFlowText(flow.spec)} (${manner}): ${describeLanding(landing)}`];
    });
  } finally {
    await sandbox.clear();
  }
}

describe.each(BACKENDS)("backend $backend, $how", ({ backend, start, kind }) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await start();
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  test.each(CASES)("$name: $claim", async (scenario) => {
    expect(await driveCase(scenario, sandbox)).toEqual([]);
  });

  test("describes its backend, kernel and iptables", async () => {
    expect(await sandbox.describe()).toEqual({
      backend,
      envoy: "stub",
      iptables: kind === "kernel" ? expect.stringMatching(/^\d+\.\d+\.\d+ \((nf_tables|legacy)\)$/) : null,
      kernel: kind === "kernel" ? expect.stringMatching(/^\d+\.\d+/) : null,
    });
  });

  test("flows driven in parallel each get their own landing", async () => {
    const bound = bindCase(findCase("redirect"), sandbox.addresses);
    const flows = Array.from({ length: FLOWS_IN_PARALLEL }, (_, i) => bound.flows[i % bound.flows.length]).filter(
      (flow) => flow !== undefined,
    );
    await sandbox.enter(bound.spec);
    await sandbox.install(bound.installation);
    const seen = await driveTwice(flows, wantedOf(flows), sandbox, 64);
    const wrong = flows.filter(({ expected }, i) => !meetsExpectation(expected, seen[i]?.landing as Landing));
    expect(wrong.map(({ flow }) => renderFlowText(flow.spec))).toEqual([]);
    await sandbox.clear();
  });

  test("new rules replace the old ones completely, and counters count the new ones only", async () => {
    const [rejected, redirect] = [
      bindCase(findCase("rejected"), sandbox.addresses),
      bindCase(findCase("redirect"), sandbox.addresses),
    ];
    await sandbox.enter(redirect.spec);
    await sandbox.install(rejected.installation);
    await sandbox.install(redirect.installation);
    const flow = redirect.flows.filter(
      (each) => renderFlowText(each.flow.spec) === "client -> pod:8080" && each.manner === "answer",
    );
    await sandbox.drive(flow);
    const { ip } = await sandbox.counters();
    const rules = ip?.tables.flatMap(({ name, chains }) =>
      chains.flatMap((chain) => chain.rules.map(({ counters }) => `${name} ${chain.name} ${counters?.packets}`)),
    );
    expect(rules?.filter((rule) => rule.startsWith("filter"))).toEqual([]);
    expect(rules?.filter((rule) => !rule.endsWith(" 0"))).toEqual([
      "nat PREROUTING 1",
      "nat ISTIO_INBOUND 1",
      "nat ISTIO_IN_REDIRECT 1",
    ]);
    await sandbox.clear();
  });

  test("after clear no rule is left", async () => {
    const { ip, ip6 } = await sandbox.counters();
    expect([ip, ip6].flatMap((set) => set?.tables.flatMap((table) => table.chains.flatMap((c) => c.rules)))).toEqual(
      [],
    );
  });
});

describe.each(BACKENDS.filter(({ kind }) => kind === "kernel"))(
  "the kernel of backend $backend, $how",
  ({ start, iptables = "iptables" }) => {
    test("loads no part of a rule set that it refuses, and flows land as without rules", async () => {
      await using sandbox = await start();
      const bound = bindCase(findCase("no-rules"), sandbox.addresses);
      const refused = bindCase(
        {
          name: "refused",
          claim: "A match the kernel has never heard of is refused.",
          capture: [],
          rules: {
            ip:
              renderTable("filter", "-A INPUT -p tcp -j DROP") +
              renderTable("nat", "-A OUTPUT -m nosuchmatch -j ACCEPT"),
            ip6: renderTable("filter", "-A INPUT -p tcp -j DROP"),
          },
        },
        sandbox.addresses,
      );
      await sandbox.enter(bound.spec);
      await expect(sandbox.install(refused.installation)).rejects.toMatchObject({ code: "rules-refused" });
      const seen = await driveTwice(bound.flows, wantedOf(bound.flows), sandbox, 16);
      const wrong = bound.flows.filter(({ expected }, i) => !meetsExpectation(expected, seen[i]?.landing as Landing));
      expect(wrong.map(({ flow }) => renderFlowText(flow.spec))).toEqual([]);
    });

    test("keeps the rules of a script, and none of a script that fails", async () => {
      const folder = mkdtempSync(join(tmpdir(), "landfall-script-"));
      const write = (name: string, ...lines: readonly string[]) => {
        writeFileSync(join(folder, name), `#!/bin/sh\n${lines.join("\n")}\n`);
        return { kind: "script", path: join(folder, name) } as const;
      };
      const rule = `${iptables} -t nat -A OUTPUT -p tcp -m owner --uid-owner 1000 -j REDIRECT --to-ports 15001`;
      const countRules = ({ ip }: CountedRules) =>
        ip?.tables.flatMap(({ chains }) => chains.flatMap((chain) => chain.rules)).length;
      await using sandbox = await start();
      try {
        await sandbox.enter(bindCase(findCase("no-rules"), sandbox.addresses).spec);
        await sandbox.install(write("rules.sh", rule, rule));
        expect(countRules(await sandbox.counters())).toBe(2);
        const failing = sandbox.install(write("failing.sh", rule, "echo no more >&2", "exit 3"));
        await expect(failing).rejects.toMatchObject({
          code: "rules-refused",
          message: expect.stringMatching(/failing\.sh ended with status 3: no more\.$/),
        });
        expect(countRules(await sandbox.counters())).toBe(0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  },
);
