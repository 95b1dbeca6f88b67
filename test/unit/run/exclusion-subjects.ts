import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import type { Scenario } from "../../../harness/model/scenario.ts";
import { findSubjects, type MutationSubject } from "../../../harness/run/mutation/mutation-subject.ts";
import { parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";

/** Two rules: a port left alone, all others redirected. */
export const EXCLUSION: Scenario = {
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

/** The same with another port left alone: another rule set. */
export const OTHER_EXCLUSION: Scenario = {
  ...EXCLUSION,
  name: "other",
  rules: { ip: EXCLUSION.rules?.ip?.replace("--dport 81", "--dport 82") ?? "" },
  answer: { "app -> upstream:82": "upstream:82", "app -> upstream:80": "envoy-outbound:15001" },
};

/** Gives the subjects of some scenarios, in the sandbox's default addresses. */
export function subjectsOf(...scenarios: readonly Scenario[]): readonly MutationSubject[] {
  const parsed = scenarios.map((scenario) => parseScenario(scenario, `${scenario.name}.ts`));
  return findSubjects(
    parsed.map((one) => {
      if (!one.ok) throw new Error(one.findings.map(({ message }) => message).join(" "));
      return one.value;
    }),
    "scenarios-and-configs",
    DEFAULT_ADDRESSES,
  );
}
