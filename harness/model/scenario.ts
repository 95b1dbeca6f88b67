/**
 * One claim: what is put into the pod, the flows that are driven, and where each must land. Data only; a scenario names no backend.
 *
 * The rules come from `capture` (the mesh's options, as typed), less the rules listed under `without`, or from `rules`.
 *
 * @example
 * { name: "mysql", claim: "Port 3306 is never captured outbound.", capture: ["-u", "1337", "-i", "*", "-b", "*", "-o", "3306"],
 *   answer: { "app -> upstream:3306": "upstream:3306", "app -> upstream:3307": "envoy-outbound:15001" } }
 */
export interface Scenario {
  /** The file's name without ending, and what a user types: `uid-1337-no-loop`. */
  readonly name: string;
  /** What is claimed, as one sentence that could be false. */
  readonly claim: string;
  /** The mesh whose settings `capture` has, by the name that `--mesh` takes; Istio 1.4 if left out. */
  readonly mesh?: string;
  /** The mesh's own options, as typed, one word an element: `["-u", "1337", "-b", "*"]`. */
  readonly capture: readonly string[];
  /** What the mesh's own tool takes as a file (Kuma, Consul), as text. */
  readonly meshConfig?: string;
  /** Variables the generator sees. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The pod as the generator sees it: `ipv4` (the default), `ipv6`, or `dual`. The sandbox's pod always has both families. */
  readonly pod?: "ipv4" | "ipv6" | "dual";
  /** The servers in the pod's resolver file, in order, as addresses: a mesh may capture DNS to these alone. `10.96.0.10` if left out. */
  readonly resolvers?: readonly string[];
  /**
   * Rules taken out of the generated ones before they are applied, each as `iptables -S` prints it (for IPv6 written the same, with
   * `family: 6`); each must be there. For claims about what happens without a rule.
   */
  readonly without?: readonly { readonly family: 4 | 6; readonly table: string; readonly rule: string }[];
  /** Rule sets applied instead of the generated ones, as `iptables-save` prints them; an empty text is a family without rules. */
  readonly rules?: { readonly ip?: string; readonly ip6?: string };
  /** Ports the app listens on beside 8080 and 22. */
  readonly listen?: readonly number[];
  /** Flows with the stub in its manner *answer*: FLOW to landing, as in `"client -> pod:8080": "envoy-inbound:15006"`. */
  readonly answer?: Readonly<Record<string, string>>;
  /** Flows with the stub in its manner *forward*: as in `"client -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6"`. */
  readonly forward?: Readonly<Record<string, string>>;
}

/**
 * Gives the scenario back unchanged. It is there so that the type checker reads what a scenario file exports; what a type cannot say is
 * checked when the file is read, by `parseScenario`.
 *
 * @example
 * export default defineScenario({
 *   name: "mysql",
 *   claim: "Port 3306 is never captured outbound.",
 *   capture: ["-u", "1337", "-i", "*", "-b", "*", "-o", "3306"],
 *   answer: { "app -> upstream:3306": "upstream:3306" },
 * });
 */
export function defineScenario(scenario: Scenario): Scenario {
  return scenario;
}
