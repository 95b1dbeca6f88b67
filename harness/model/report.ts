import type { Family } from "./address.ts";
import type { AskedReport, AskedSummary } from "./asked-report.ts";
import type { CauseReport } from "./cause-report.ts";
import type { DecidedBy } from "./decided-by.ts";
import type { Expectation } from "./expectation.ts";
import type { FlowProtocol, Manner } from "./flow.ts";
import type { FlowData } from "./flow-spec.ts";
import { type Landing, landingsAgree } from "./landing.ts";
import type { CommandNotes, Provenance } from "./provenance.ts";
import type { RequiredBy } from "./required-by.ts";
import type { RulePlace } from "./rule-place.ts";
import type { TracedWays } from "./way.ts";

/** The backend on which the flows were driven. */
export type BackendName = "docker" | "netns" | "simulated";

/** `pass`: it landed as expected. `wrong`: elsewhere. `could-not-look`: the harness failed. */
export type FlowVerdict = "pass" | "wrong" | "could-not-look";

/** What should have taken a flow that landed wrong, by the rules that the capture config's own dialect generates. */
export interface WantedRule {
  /** The first of those rules that takes the flow there and not here; null where all do, and `routing` is what makes the difference. */
  readonly rule: RulePlace | null;
  /** Policy routing that those rules need, in `ip`'s words: `fwmark 0x539 lookup 133`. */
  readonly routing: readonly string[];
  /** The rule under test that is most like it, and why that one did not do the same; null where none is like it. */
  readonly nearest: { readonly rule: RulePlace; readonly why: string } | null;
}

/** One flow with its three landings, expected, predicted and observed, and what follows from them. */
export interface FlowReport extends FlowData {
  readonly manner: Manner;
  /** `claim`: a flow of the scenario, or at a boundary of the config; `class`: it stands for a class that no such flow is of. */
  readonly chosenFor: "claim" | "class";
  readonly expected: Expectation;
  /** The simulator's landing; null where it was not asked. */
  readonly predicted: Landing | null;
  readonly observed: Landing;
  /** Where a flow in the manner `answer` ended after a real Envoy had taken it, with Envoy's passages as hops; absent otherwise. */
  readonly forwarded?: Landing;
  readonly verdict: FlowVerdict;
  /** The rules that took the flow, in order. */
  readonly rules: readonly RulePlace[];
  /**
   * Who says so: `counters`, the flow was driven alone and these rules counted it (none: no rule did); `prediction`, the simulator, whose
   * landing is the one observed; `nobody`, neither was there to ask.
   */
  readonly rulesBy: "counters" | "prediction" | "nobody";
  /** What decided where it landed; absent where that is not known, and in reports of earlier versions. */
  readonly decidedBy?: DecidedBy;
  /** Which rule should have taken a flow that landed wrong; null where it did not, or where that cannot be told. */
  readonly wanted: WantedRule | null;
  /** Which of the scenario's `ways` it goes as predicted, counted from 0; absent where ways were not asked for, or are not known. */
  readonly way?: number;
  readonly durationMs: number;
}

/** Which rules some flow has hit, in the tables' order, and what is known of the others. `rules` and `hit` are numbers of rules. */
export interface CoverageReport {
  readonly rules: number;
  readonly hit: number;
  readonly taken: readonly RulePlace[];
  /** Rules that no flow has taken. Each is in `unreachable`, or among `takers`, or it could not be told. */
  readonly unhit: readonly RulePlace[];
  /** Rules that no TCP or UDP flow of the sandbox's shape takes: every class of flows was simulated. */
  readonly unreachable: readonly RulePlace[];
  /** For rules that a scenario's flows have left out, a flow that the simulator says takes them. */
  readonly takers: readonly { readonly rule: RulePlace; readonly flow: string; readonly manner: Manner }[];
}

/**
 * Rule coverage of a whole run. Rules with the same text, in chains of the same name, count as one: it is hit if a flow of any scenario
 * hits it, and unreachable if it is so in every scenario that has it. Each scenario makes one claim; together they should hit every rule.
 */
export interface CoverageSummary {
  readonly rules: number;
  readonly hit: number;
  readonly unreachable: number;
}

/**
 * Configuration that a script should have added but did not, and that no driven flow can reveal; it fails the run as a wrong landing does.
 */
export interface Omission {
  /**
   * In the words of the commands that put it in: `ip rule add fwmark 0x539 lookup 133`. Empty where all is there and does not do its work.
   */
  readonly missing: readonly string[];
  /** A flow that no sandbox drives and that would show it. */
  readonly witness: string;
  /** Where the witness lands under the rules that the config's own dialect generates, simulated. */
  readonly expected: Landing;
  /** Where it lands under the rules under test, simulated. */
  readonly predicted: Landing;
  /** What the missing part is for, and why no driven flow shows it. */
  readonly why: string;
}

/** One flow for each class of flows that rules, demand or pod can tell apart. */
export interface ClassReport {
  /** `driven`, `unspecified` and `left` together. */
  readonly total: number;
  /** The protocols of the flows, TCP first. Absent in reports of earlier versions, which know TCP alone. */
  readonly protocols?: readonly FlowProtocol[];
  /**
   * Flows of the scenario at the boundaries of what is required, and flows that stand for classes that none of those is of: together all of
   * its flows. Absent in reports of earlier versions.
   */
  readonly boundaryFlows?: number;
  readonly classFlows?: number;
  /** Classes of which a flow was driven, and where it is certain that all land as that one does. */
  readonly driven: number;
  /** Classes of which nothing is demanded. */
  readonly unspecified: number;
  /** Classes of which nothing can be said: each is in `remaining`. */
  readonly left: number;
  /** A flow of each class that is left, and why it is. */
  readonly remaining: readonly { readonly flow: string; readonly why: string }[];
  /** Why there are no classes at all, where they could not be found; null otherwise. */
  readonly failure: string | null;
}

/** One scenario's flows, in the order the scenario lists them. */
export interface ScenarioReport extends Partial<TracedWays>, CommandNotes {
  readonly name: string;
  readonly claim: string;
  /** What says where its flows must land. Absent in reports of earlier versions. */
  readonly requiredBy?: RequiredBy;
  /** What `--mesh` takes; `contract` where a contract file says what is demanded. */
  readonly mesh: string;
  /** The mesh's settings as plain data. */
  readonly settings: unknown;
  /** Istio 1.4's settings; null with every other mesh. */
  readonly capture: unknown;
  readonly flows: readonly FlowReport[];
  /** Null where the scenario's author has written the flows, or where some flows were asked for: it speaks of these alone. */
  readonly classes: ClassReport | null;
  /** Absent where all flows were asked for. */
  readonly asked?: AskedReport;
  /** Families of the pod that rules were not given for: nothing is said of them. */
  readonly notLookedAt: readonly Family[];
  /** Null unless coverage was asked for. */
  readonly coverage: CoverageReport | null;
  /** What in user-supplied rules has no effect, a sentence each: `IPv4: the table nat is empty; …`. */
  readonly notices: readonly string[];
  /** What user-supplied rules leave out although it is required, and no flow can reveal. */
  readonly omissions: readonly Omission[];
  /** Why flows landed wrong: each of these flows is in exactly one. Absent in reports of earlier versions. */
  readonly causes?: readonly CauseReport[];
}

/**
 * What a sandbox says of itself.
 *
 * @example
 * { backend: "netns", envoy: "stub", iptables: "1.8.9 (nf_tables)", kernel: "6.12.0" }
 */
export interface SandboxReport {
  readonly backend: BackendName;
  readonly envoy: "stub" | "real";
  /** `iptables --version` without its first word: `1.8.9 (nf_tables)`; null where no kernel is asked. */
  readonly iptables: string | null;
  readonly kernel: string | null;
}

/** The report of one run, format 1: it only ever gains fields. Its JSON Schema is `schemas/report.json`. */
export interface Report {
  readonly formatVersion: "1.0";
  /** Absent where the report was not made by a command, and in reports of earlier versions. */
  readonly landfall?: Provenance;
  readonly sandbox: SandboxReport;
  readonly scenarios: readonly ScenarioReport[];
  readonly summary: {
    readonly flows: number;
    readonly pass: number;
    readonly wrong: number;
    readonly couldNotLook: number;
    /** Flows that the simulator predicted to land elsewhere than the kernel landed them: a defect of landfall itself. */
    readonly mispredicted: number;
    /** What user-supplied rules leave out although it is required, and no flow can reveal. */
    readonly omissions: number;
    /** Null where no scenario's flows follow from a config. `failed`: scenarios whose classes could not be found. */
    readonly classes: (Omit<ClassReport, "remaining" | "failure"> & { readonly failed: number }) | null;
    /** Absent where all flows of all scenarios were asked for. */
    readonly asked?: AskedSummary;
    /** Families of pods that rules were not given for, by scenario. */
    readonly notLookedAt: number;
    /** Null unless coverage was asked for. */
    readonly coverage: CoverageSummary | null;
    readonly durationMs: number;
  };
}

/** Says whether the simulator and the kernel agree on a flow; `not-compared` where one of them did not say. */
export function judgePrediction({ predicted, observed }: FlowReport): "agrees" | "disagrees" | "not-compared" {
  if (predicted === null || predicted.kind === "could-not-look" || observed.kind === "could-not-look")
    return "not-compared";
  return landingsAgree(predicted, observed) ? "agrees" : "disagrees";
}
