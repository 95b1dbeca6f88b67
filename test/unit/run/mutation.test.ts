import { describe, expect, test } from "vitest";
import type { LandfallError } from "../../../harness/errors.ts";
import type { BackendChoice } from "../../../harness/model/backends.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import type { MutantReport } from "../../../harness/model/mutation-report.ts";
import { DEFAULT_ADDRESSES, type SandboxAddresses } from "../../../harness/model/pod.ts";
import { judgeMutants, scoreMutants } from "../../../harness/run/mutation/mutation.ts";
import type { MutationSubject } from "../../../harness/run/mutation/mutation-subject.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";
import { SimulatedSandbox } from "../../../harness/sandbox/simulated/simulated.ts";
import { EXCLUSION, OTHER_EXCLUSION, subjectsOf } from "./exclusion-subjects.ts";

/** The scenario's own flows alone: those that follow from its config would show more. */
function narrow(subject: MutationSubject): MutationSubject {
  const own = Object.keys({ ...EXCLUSION.answer, ...OTHER_EXCLUSION.answer });
  return {
    ...subject,
    bindTo: (addresses) => narrow(subject.bindTo(addresses)),
    flows: subject.flows.filter(({ flow, manner }) => manner === "answer" && own.includes(renderFlowText(flow.spec))),
  };
}

async function judge(subject: MutationSubject, backend: BackendChoice = "simulated"): Promise<readonly string[]> {
  const reports = await judgeMutants([subject], { start: () => openSandbox(backend), jobs: 2 });
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
    "are caught, proven equivalent or missed, with the flow that shows it: %s",
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
        `missed change ${RETURN} to -A OUTPUT -p tcp -m tcp --dport 81:82 -j RETURN by root -> client:82`,
      ]);
    },
  );

  test("are judged in whatever addresses a sandbox has", async () => {
    const elsewhere: SandboxAddresses = { ...DEFAULT_ADDRESSES, upstream: { 4: "10.9.8.7", 6: "fd00:9::7" } };
    class MovedSandbox extends SimulatedSandbox {
      override readonly addresses = elsewhere;
    }
    const [subject] = subjectsOf(EXCLUSION).map(narrow);
    const reports = subject ? await judgeMutants([subject], { start: async () => new MovedSandbox(), jobs: 1 }) : [];
    const [first] = reports.filter(({ outcome }) => outcome === "caught");
    expect(first?.flow?.to.address).toBe("10.9.8.7");
  });

  test("are not judged if the unbroken rules already land a flow wrong", async () => {
    const [subject] = subjectsOf({ ...EXCLUSION, answer: { "app -> upstream:81": "envoy-outbound:15001" } });
    const error = subject && (await judge(subject).catch((thrown: LandfallError) => thrown));
    const message =
      "must land on envoy-outbound:15001, dialled 10.244.0.4:81, and the simulator predicts upstream:81, from 10.244.0.2.";
    expect(error).toMatchObject({ code: "bad-input", findings: [{ where: "app -> upstream:81", message }] });
  });

  test("of several rule sets are judged in sandboxes that change from one to the next, and told in order", async () => {
    const subjects = subjectsOf(OTHER_EXCLUSION, EXCLUSION).map(narrow);
    const told: string[] = [];
    let started = 0;
    const reports = await judgeMutants(subjects, {
      start: () => {
        started += 1;
        return openSandbox("netns");
      },
      jobs: 1,
      onSubject: ({ name }, judged) => told.push(`${name} ${judged.length}`),
    });
    const caught = reports.filter(({ mutant, outcome }) => mutant.includes("delete") && outcome === "caught");
    expect(caught.map(({ flow }) => flow?.flow)).toEqual([
      "app -> upstream:82",
      "app -> upstream:80",
      "app -> upstream:81",
      "app -> upstream:80",
    ]);
    expect([started, told]).toEqual([1, [`other ${reports.length / 2}`, `exclusion ${reports.length / 2}`]]);
  });

  test("occur once for scenarios with the same rules, with the flows of both", () => {
    const other = { ...EXCLUSION, name: "other", answer: { "app -> 10.96.0.1:81": "upstream:81" } };
    const [subject, ...rest] = subjectsOf(EXCLUSION, other);
    expect(rest).toEqual([]);
    expect(subject?.name).toBe("exclusion, other");
    expect(subject?.flows.map(({ flow }) => renderFlowText(flow.spec))).toEqual(
      expect.arrayContaining(["app -> upstream:81", "app -> 10.96.0.1:81"]),
    );
  });

  test("give the score caught / (caught + missed), without equivalent ones", () => {
    const report = (outcome: MutantReport["outcome"]): MutantReport => ({
      mutant: "",
      protocols: ["tcp"],
      outcome,
      flow: null,
      expected: null,
    });
    const mutants = [report("caught"), report("equivalent"), report("missed"), report("caught"), report("caught")];
    expect(scoreMutants(mutants).score).toBe(0.75);
    expect(scoreMutants([]).score).toBe(1);
  });
});
