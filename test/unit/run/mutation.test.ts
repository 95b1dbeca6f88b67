import { describe, expect, test } from "vitest";
import type { LandfallError } from "../../../harness/errors.ts";
import type { MutantReport } from "../../../harness/model/mutation-report.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import type { Scenario } from "../../../harness/model/scenario.ts";
import { judgeMutants, scoreMutants } from "../../../harness/run/mutation.ts";
import { findSubjects, type MutationSubject } from "../../../harness/run/mutation-subject.ts";
import { parseScenario } from "../../../harness/run/parsed-scenario.ts";
import { type BackendChoice, openSandbox } from "../../../harness/sandbox/open-sandbox.ts";

const EXCLUSION: Scenario = {
  name: "exclusion",
  claim: "One port is left alone.",
  capture: ["-u", "1337", "-i", "*", "-b", "*"],
  rules: {
    ip: `*nat
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p tcp -m tcp --dport 81 -j RETURN
-A OUTPUT -p tcp -j REDIRECT --to-ports 15001
COMMIT
`,
  },
  answer: { "app -> upstream:81": "upstream:81", "app -> upstream:80": "envoy-outbound:15001" },
};

function subjectsOf(...scenarios: readonly Scenario[]): readonly MutationSubject[] {
  const parsed = scenarios.map((scenario) => parseScenario(scenario, `${scenario.name}.ts`));
  return findSubjects(
    parsed.map((one) => {
      if (!one.ok) throw new Error(one.findings.map(({ message }) => message).join(" "));
      return one.value;
    }),
    DEFAULT_ADDRESSES,
  );
}

/** The scenario's own flows alone: those that follow from its config would show more. */
function narrow(subject: MutationSubject): MutationSubject {
  const own = Object.keys(EXCLUSION.answer ?? {});
  return {
    ...subject,
    flows: subject.flows.filter(({ flow, manner }) => manner === "answer" && own.includes(flow.flow)),
  };
}

async function judge(subject: MutationSubject, backend: BackendChoice = "simulated"): Promise<readonly string[]> {
  const reports = await judgeMutants(subject, { start: () => openSandbox(backend), jobs: 2 });
  return reports.map(
    ({ mutant, outcome, flow }) => `${outcome} ${mutant.replace("ip nat: ", "")}${flow ? ` by ${flow.flow}` : ""}`,
  );
}

const [RETURN, REDIRECT] = [
  "-A OUTPUT -p tcp -m tcp --dport 81 -j RETURN",
  "-A OUTPUT -p tcp -j REDIRECT --to-ports 15001",
];

describe("mutants", () => {
  test.each(["simulated", "netns"] as const)(
    "are caught, proven equivalent or missed, each for a flow that says so: %s",
    async (backend) => {
      const [subject] = subjectsOf(EXCLUSION).map(narrow);
      const told = subject ? await judge(subject, backend) : [];
      expect(told).toContain(`caught delete ${RETURN} by app -> upstream:81`);
      expect(told).toContain(
        `caught change ${REDIRECT} to -A OUTPUT -p tcp -j REDIRECT --to-ports 15002 by app -> upstream:80`,
      );
      expect(told).toContain(`equivalent duplicate ${RETURN}`);
      expect(told).toContain(`equivalent change ${RETURN} to -A OUTPUT -p tcp -m tcp --dport 81 -j ACCEPT`);
      const missed = told.filter((line) => line.startsWith("missed"));
      expect(missed).toEqual([
        `missed change ${RETURN} to -A OUTPUT -p tcp -m tcp --dport 81:82 -j RETURN by uid=0,gid=0 -> 10.244.0.3:82`,
      ]);
    },
  );

  test("of rules that land a flow wrong to begin with are not judged", async () => {
    const [subject] = subjectsOf({ ...EXCLUSION, answer: { "app -> upstream:81": "envoy-outbound:15001" } });
    const error = subject && (await judge(subject).catch((thrown: LandfallError) => thrown));
    expect(error).toMatchObject({ code: "bad-input", findings: [{ where: "app -> upstream:81" }] });
  });

  test("come once for scenarios that bring the same rules, with the flows of both", () => {
    const other = { ...EXCLUSION, name: "other", answer: { "app -> 10.96.0.1:81": "upstream:81" } };
    const [subject, ...rest] = subjectsOf(EXCLUSION, other);
    expect(rest).toEqual([]);
    expect(subject?.name).toBe("exclusion, other");
    expect(subject?.flows.map(({ flow }) => flow.flow)).toEqual(
      expect.arrayContaining(["app -> upstream:81", "app -> 10.96.0.1:81"]),
    );
  });

  test("score as caught among caught and missed, equivalent ones aside", () => {
    const report = (outcome: MutantReport["outcome"]): MutantReport => ({ mutant: "", outcome, flow: null });
    const mutants = [report("caught"), report("equivalent"), report("missed"), report("caught"), report("caught")];
    expect(scoreMutants(mutants).score).toBe(0.75);
    expect(scoreMutants([]).score).toBe(1);
  });
});
