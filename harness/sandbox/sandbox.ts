import type { Flow, Manner } from "../model/flow.ts";
import type { GivenRules } from "../model/given-rules.ts";
import type { Landing } from "../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../model/pod.ts";
import type { BackendName, SandboxReport } from "../model/report.ts";
import type { PodRules, Ruleset } from "../model/ruleset.ts";

/** One flow to be driven. */
export interface FlowRequest {
  readonly flow: Flow;
  readonly manner: Manner;
  /** How long a connection may take to be made before the flow has `timed-out`; left out, as long as a lost SYN is worth waiting for. */
  readonly connectTimeoutMs?: number;
}

/**
 * What became of one driven flow. `durationMs` is how long the flow took, in milliseconds; no verdict depends on it.
 */
export interface Observation {
  /** For a flow in the manner `answer` that a real Envoy took: Envoy's listener, as the stub would have answered. */
  readonly landing: Landing;
  /** Where such a flow ended once Envoy had forwarded it, Envoy's passages being its hops; absent for every other flow. */
  readonly forwarded?: Landing;
  readonly durationMs: number;
}

/** How rules get into the pod. */
export type Installation =
  /** A rule set, put in place of whatever is there, by the resident agent. */
  | { readonly kind: "rules"; readonly rules: PodRules }
  /** Istio's flags: `landfall apply` run in the pod as an init container would (docker: the image istio-iptables). */
  | {
      readonly kind: "capture";
      readonly flags: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
      readonly rules: PodRules;
    }
  /** A script run in the pod's network namespace as root. */
  | { readonly kind: "script"; readonly path: string };

/** Rule sets as the kernel holds them, with counters. A family is null where the kernel has no such tables. */
export interface CountedRules {
  readonly ip: Ruleset | null;
  readonly ip6: Ruleset | null;
}

/** A flow that was driven alone, and the rules with the packets and bytes that they counted for it. */
export interface CountedDrive {
  readonly observation: Observation;
  readonly counted: CountedRules;
}

/**
 * What a pod's kernel tells of itself beside its rules, as its tools print it, and what the sandbox's agents were asked to dial and said of
 * it (`agents`): file name to text. Each command's print in `routing` has a line `# ip -4 rule` above it. Empty where there is no kernel.
 */
export type PodEvidence =
  | Readonly<Record<"sockets" | "connections" | "routing" | "agents", string>>
  | Readonly<Record<never, string>>;

/**
 * A pod and its peers on one backend, alive until disposed of. Started once and used for scenario after scenario:
 * `enter` (listeners and addresses), `install` (rules), `drive` (flows), `clear` (rules out again, no trace left).
 *
 * Every failure of the harness is a LandfallError (`environment`, `agent-failed`), or as the outcome of a flow the landing
 * `could-not-look`; a rule set the kernel refuses is `rules-refused`, and then nothing of it is in.
 */
export interface Sandbox extends AsyncDisposable {
  readonly backend: BackendName;
  readonly addresses: SandboxAddresses;
  /** Gives what this sandbox is, for the report; asks the pod's kernel and tools. */
  describe(): Promise<SandboxReport>;
  /** Brings listeners, addresses and interfaces to what a scenario needs; no rules may be in. Cheap where nothing changes. */
  enter(spec: PodSpec): Promise<void>;
  /**
   * Puts rules in place of whatever rules are in; connection tracking starts afresh. A family that stands as it is to be keeps its
   * counters.
   */
  install(installation: Installation): Promise<void>;
  /**
   * Loads texts of rules as they are and what landfall has read in them, one after the other into the pod without rules, and compares what
   * the kernel then has. Throws `rules-misread` with the first difference. Gives a sentence for each text that its tool does not take
   * although it takes what was read. No rules may be in, and none are afterwards.
   */
  checkReading(given: readonly GivenRules[]): Promise<readonly string[]>;
  /** Takes out all rules, policy routing and added addresses. */
  clear(): Promise<void>;
  /** Reads the rules with their counters (`iptables-save -c`, `ip6tables-save -c`). */
  counters(): Promise<CountedRules>;
  /**
   * Drives flows one after the other while nothing else happens in the pod, and gives for each the rules with what they have counted for
   * it alone. Rules of nft need no `counter` for that: the kernel is asked which rules packets take (`nft monitor trace`). A rule of which
   * that is not known has no counters.
   */
  driveOneByOne(requests: readonly FlowRequest[]): Promise<readonly CountedDrive[]>;
  /** Gives the pod's sockets, tracked connections and policy routing as they are now: what a person would look at first. */
  gatherEvidence(): Promise<PodEvidence>;
  /** Drives flows, at most `inFlight` at a time, and gives their observations in the order asked. Never throws for a flow's sake. */
  drive(requests: readonly FlowRequest[], options?: { readonly inFlight?: number }): Promise<readonly Observation[]>;
  /**
   * Says that nothing has gone wrong in this sandbox. Where it was opened to be reused, disposing of it then leaves it for a later run;
   * every other sandbox ends with that.
   */
  allowReuse(): void;
  /** Says how a person gets a shell in the pod's network namespace: a command line. Null where there is none. */
  shellHint(): string | null;
}
