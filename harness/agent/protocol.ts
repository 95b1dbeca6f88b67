// Long because the whole protocol is read in one place.
import type { Family } from "../model/address.ts";
import type { FlowProtocol, Manner } from "../model/flow.ts";
import type { LoadableTexts } from "../model/given-rules.ts";
import type { Landing } from "../model/landing.ts";
import type { HostName, ListenerName, Owner } from "../model/pod.ts";
import type { Dials } from "../model/pod-shape.ts";
import type { TableFamily } from "../model/ruleset.ts";

/**
 * The control protocol of the sandbox agent: one JSON value a line, requests on its stdin, replies and events on its stdout.
 * Requests carry an id that their reply repeats; replies may come in another order than the requests. The agent exits when its
 * stdin ends, and with it goes everything it held: sockets, threads, namespaces.
 *
 * One agent plays as many hosts as it is told to: with backend `netns` all of them, each in a namespace that `open-namespaces` made; in
 * a container one, in the namespace it was started in (`namespace: null`).
 */
export type RequestLine = {
  readonly [N in CallName]: { readonly id: number; readonly call: N; readonly params: CallParams<N> };
}[CallName];

/** The reply to one request: its result, or a fault. */
export type ReplyLine =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly error: AgentFault };

/**
 * What the agent says unasked: connections and datagrams that its listeners have taken, in the order of each listener (`seen`), or lines of
 * a real Envoy's access log, in the order Envoy wrote them (`logged`).
 */
export type EventLine =
  | { readonly event: "seen"; readonly records: readonly Seen[] }
  | { readonly event: "logged"; readonly lines: readonly string[] };

/** Every call with what it takes and gives. */
export interface AgentCalls {
  /** Says who the agent is. */
  readonly hello: { readonly params: { readonly variant: IptablesVariant }; readonly result: AgentFacts };
  /** Makes network namespaces, nothing in them up; gives each one's path, by which `ip` and `nsenter` reach it while the agent lives. */
  readonly "open-namespaces": {
    readonly params: { readonly names: readonly string[] };
    readonly result: { readonly paths: Readonly<Record<string, string>> };
  };
  /** Writes sysctls (`net/ipv4/ip_forward`: `1`), then gives lines to `ip -batch`. */
  readonly configure: {
    readonly params: {
      readonly namespace: string | null;
      readonly sysctls: Readonly<Record<string, string>>;
      readonly ip: readonly string[];
    };
    readonly result: null;
  };
  /** Brings the agent's listeners to exactly these: opens what is missing, closes what is no longer named, keeps the rest. */
  readonly listen: {
    readonly params: { readonly listeners: readonly ListenerSpec[] };
    readonly result: { readonly opened: number; readonly closed: number };
  };
  /**
   * Drives flows, at most `inFlight` at a time; gives their results in the order asked, after what the agent's own listeners have seen of
   * them. Fails for no flow's sake.
   */
  readonly dial: {
    readonly params: { readonly dials: readonly Dial[]; readonly inFlight: number };
    readonly result: { readonly results: readonly DialResult[] };
  };
  /** Makes the kernel forget all connections and exchanges that it tracks in a namespace, as between two `apply`. */
  readonly "forget-connections": { readonly params: { readonly namespace: string | null }; readonly result: null };
  /** Replies after every connection taken so far has been told by a `seen` event. */
  readonly sync: { readonly params: Record<string, never>; readonly result: null };
  /**
   * Puts rules in place of whatever rules and policy routing this agent has put in, and forgets all connections tracked. Texts as
   * `iptables-restore` and `ip6tables-restore` read them; a table that a text does not name is emptied; a family that is null is left
   * as it is, and one that stands already keeps its counters. Where the kernel refuses, fault `rules-refused`, and no rule is in.
   */
  readonly apply: { readonly params: InstallableRules; readonly result: null };
  /**
   * Takes out every rule and chain of both families, the policy routing that `apply` put in, and all connections tracked. Where others
   * may have put rules in, `policyRouting` is what they have added beside them; null: nobody but this agent has.
   */
  readonly clear: {
    readonly params: RulesPlace & { readonly policyRouting: RoutingText | null };
    readonly result: null;
  };
  /**
   * Takes out whatever rules, chains, tables and sets there are, whoever put them in, the policy routing that `apply` put in, and all
   * connections tracked, so that the namespace is as it was before the first rule. Empty tables of iptables-legacy stay: the kernel
   * never removes those.
   */
  readonly "clear-all": { readonly params: RulesPlace; readonly result: null };
  /** Gives what there is in a namespace, so that two moments can be compared. Fault `agent-failed` where it cannot all be read. */
  readonly "read-contents": {
    readonly params: { readonly namespace: string | null };
    readonly result: NamespaceContents;
  };
  /**
   * Loads texts as a user has them, into a namespace without rules; gives what `iptables-save`, `ip6tables-save` and `nft -j list ruleset`
   * print then, and takes the rules out again. A tool that does not take its text ends it: its words are `refusal`.
   */
  readonly "list-loaded": {
    readonly params: RulesPlace & LoadableTexts;
    readonly result: LoadedListing | { readonly refusal: string };
  };
  /** Notes policy routing and addresses before somebody else changes them; the next `clear` goes back to them. */
  readonly remember: { readonly params: { readonly namespace: string | null }; readonly result: null };
  /**
   * Fault `rules-refused`, with the lines that differ, where the namespace's routes, neighbours or addresses since `remember` let packets
   * go elsewhere. Local routes, routes through lo and policy rules are not among them.
   */
  readonly "refuse-other-routes": { readonly params: { readonly namespace: string | null }; readonly result: null };
  /**
   * Runs a user's script in a namespace, confined: read-only files, a /proc of its own, no capability to enter other namespaces, and no
   * environment but the one given. Replies when the script's own process has ended; what it has left running ends with the next `clear`.
   * Fault `rules-refused` where it does not end within `timeoutMs`; it is killed then.
   */
  readonly "run-script": {
    readonly params: Pick<CommandSpec, "namespace" | "command" | "environment" | "timeoutMs">;
    readonly result: CommandOutcome;
  };
  /**
   * Gives what `iptables-save -c`, `ip6tables-save -c` and, where `apply` has put tables of nft in, `nft -j list ruleset` print; null where
   * there are no such tables. Where somebody else has put rules in, nft is asked in any case, and iptables-legacy where it has tables.
   */
  readonly counters: {
    readonly params: RulesPlace & { readonly others?: OtherMakers };
    readonly result: {
      readonly ip: string | null;
      readonly ip6: string | null;
      readonly nft: string | null;
      readonly legacy: { readonly ip: string | null; readonly ip6: string | null };
    };
  };
  /** Begins to note which rules of nft packets take in a namespace, rules without a counter too; the rules stay as they are. */
  readonly "start-trace": { readonly params: { readonly namespace: string | null }; readonly result: null };
  /**
   * Gives the rules of nft that packets have taken since `start-trace`, in the order of their first packets; `isWhole` is false where the
   * kernel could not tell of every packet. The rules that iptables-nft made are among them.
   */
  readonly "end-trace": {
    readonly params: { readonly namespace: string | null };
    readonly result: { readonly rules: readonly TracedRule[]; readonly isWhole: boolean };
  };
  /** Runs a command as the agent's own user in a namespace and waits for its end; killed after `timeoutMs`, or when the agent dies. */
  readonly run: { readonly params: CommandSpec; readonly result: CommandOutcome };
  /**
   * Starts a real Envoy in place of the one this agent may have started before, and replies when it listens. It ends with the agent. Fault
   * `environment` with Envoy's own words where it does not come up.
   */
  readonly "start-envoy": { readonly params: EnvoySpec; readonly result: null };
  /** Ends the Envoy that `start-envoy` started, if there is one, and replies when it is gone. */
  readonly "stop-envoy": { readonly params: Record<string, never>; readonly result: null };
}

/** The name of a call that an agent takes: `listen`, `dial`, `apply`. */
export type CallName = keyof AgentCalls;
/** What a call takes: one object, which travels as JSON. */
export type CallParams<N extends CallName> = AgentCalls[N]["params"];
/** What a call gives, as JSON; a call that fails gives an {@link AgentFault} in its place. */
export type CallResult<N extends CallName> = AgentCalls[N]["result"];

/** Why a call failed; the codes are those of LandfallError that an agent can know. */
export interface AgentFault {
  readonly code: "rules-refused" | "environment" | "agent-failed";
  readonly message: string;
}

/** Which of the two kernel interfaces the rules go through; `default` is what the plain name `iptables` stands for. */
export type IptablesVariant = "default" | "nft" | "legacy";

/** What an agent says of itself: its pid, its kernel's release, the version of its iptables. */
export interface AgentFacts {
  readonly pid: number;
  /** As `uname -r` prints it. */
  readonly kernel: string;
  /** `iptables --version` without its first word: `1.8.9 (nf_tables)`; null where there is no iptables. */
  readonly iptables: string | null;
}

/** A listener: one port of one protocol on all addresses of both families, or on one address. */
export interface ListenerSpec {
  readonly protocol: FlowProtocol;
  readonly listener: ListenerName;
  readonly host: HostName;
  readonly namespace: string | null;
  readonly owner: Owner;
  readonly port: number;
  /** `transparent`: takes connections to addresses that are not its own, as TPROXY needs (IP_TRANSPARENT). */
  readonly mode: "plain" | "transparent";
  /** The one address it listens on; null: all of both families. */
  readonly address: string | null;
  /** With this it is a proxy's, which forwards flows whose manner says so; null: it answers whatever the manner. */
  readonly stub: StubDials | null;
}

/** What a proxy dials for what its listener has taken, and which destinations it never forwards. */
export interface StubDials {
  readonly dials: Exclude<Dials, { readonly kind: "nothing" | "resolver" }>;
  /** The address from which it may connect to the pod's own, by family. */
  readonly passThrough: Readonly<Record<Family, string | null>>;
  /** Ports of listeners of the same proxy that dial on: calls to those would go round for ever. */
  readonly ownPorts: readonly number[];
  /** The pod's addresses beside the loopback ones, canonical text. */
  readonly ownAddresses: readonly string[];
  /** Mark of the sockets that it dials with (SO_MARK); 0 for none. */
  readonly mark: number;
}

/** One flow to be driven by an agent: who dials, from where, to where, and for how long it waits (milliseconds). */
export interface Dial {
  /** Random, unique among all flows; each hop records it. */
  readonly token: string;
  readonly protocol: FlowProtocol;
  /** `again`: another exchange goes before this one, over the same socket, with the token `TOKEN first`. UDP only. */
  readonly exchange: "first" | "again";
  readonly manner: Manner;
  readonly namespace: string | null;
  /** Owner of the socket, as `-m owner` sees it. */
  readonly owner: Owner;
  /** Address the socket is bound to; null: the one the route gives. */
  readonly source: string | null;
  /** Port the socket is bound to; null: the kernel chooses. */
  readonly sourcePort: number | null;
  /** Mark of the socket (`SO_MARK`), 0 for none; another one needs CAP_NET_ADMIN or CAP_NET_RAW. */
  readonly mark: number;
  readonly address: string;
  readonly port: number;
  /** How long the connection may take to be made, or a datagram's answer to come; beyond it the flow has `timed-out`. */
  readonly timeoutMs: number;
}

/** What the dialling end of a flow saw. */
export interface DialResult {
  readonly token: string;
  /** What the far end answered, or how the connection failed, or `could-not-look`; not yet confirmed by the listeners' records. */
  readonly landing: Landing;
  /** The dialling socket's own end point, before any rule rewrites it; null where there was none. */
  readonly local: string | null;
  readonly durationMs: number;
  /** When the landing was known, on the clock of {@link Seen.atMs}. */
  readonly endedAtMs: number;
}

/**
 * A listener's own record of one connection or datagram whose greeting it has read. Of a connection it is made before the listener answers
 * or dials on; of a datagram, which is answered at once, what had been dialled is asked for afterwards, and the answer says nothing of it.
 */
export interface Seen {
  readonly token: string;
  readonly host: HostName;
  readonly listener: ListenerName;
  /** The accepting socket's own address; of a datagram, the address it was for when it came. */
  readonly address: string;
  readonly port: number;
  readonly originalDestination: string | null;
  /** Of a datagram: why the kernel does not tell what had been dialled; then the flow could not be observed. */
  readonly blindness?: string;
  readonly source: string;
  /** How many passages through the stub the greeting told: 0 for the first listener a flow meets. */
  readonly hopsBefore: number;
  /** When the greeting was read, in milliseconds of the machine's monotonic clock, which all its processes share. */
  readonly atMs: number;
}

/** Where rules are, and through which of the kernel's interfaces they go. */
export interface RulesPlace {
  readonly namespace: string | null;
  readonly variant: IptablesVariant;
}

/** What the kernel has of texts that were loaded, as its tools list it; null where no text was for the tool. */
export type LoadedListing = LoadableTexts;

/** A rule of nft that packets of one family have taken: all its matches held. The handle is its number in its table. */
export interface TracedRule {
  readonly family: Family;
  readonly tableFamily: TableFamily;
  readonly table: string;
  readonly chain: string;
  readonly handle: number;
  readonly packets: number;
}

/** Who may have put rules in beside `apply`: a script, an init container, the engine that made the namespace; or nobody. */
export type OtherMakers = "nobody-else" | "somebody-else";

/** What there is in a network namespace beside its sockets. */
export interface NamespaceContents {
  /** Every table of nft, with those that iptables-nft made, and every rule of iptables-legacy, as text; empty where there are none. */
  readonly rules: string;
  /** Policy rules, routes, addresses and permanent neighbours that the kernel did not make by itself, a line each. */
  readonly network: readonly string[];
}

/** Policy routing as `ip -batch` reads it; each text is for a process of one family, as in `ip -6 -batch -`. */
export interface RoutingText {
  readonly add: readonly RoutingBatch[];
  /** Takes out what `add` puts in. */
  readonly remove: readonly RoutingBatch[];
  /** Addresses that `add` gives the pod. */
  readonly addresses: readonly string[];
}

interface RoutingBatch {
  readonly family: Family;
  readonly text: string;
}

/** Rules in the form the kernel's tools read. */
export interface InstallableRules extends RulesPlace {
  readonly ip: string | null;
  readonly ip6: string | null;
  /** Tables of iptables-legacy beside those of the variant, put in before them; absent where there are none. */
  readonly legacy?: { readonly ip: string; readonly ip6: string };
  /** Tables in nft's language, put in behind those of iptables; absent where there are none. */
  readonly nft?: string;
  readonly policyRouting: RoutingText;
}

/** A command that an agent is to run in one of its namespaces, with a time limit in milliseconds. */
export interface CommandSpec {
  readonly namespace: string | null;
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Added to the agent's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly timeoutMs: number;
  /** The fault where it does not end in time: `rules-refused` for what a user has written; `agent-failed` if left out. */
  readonly timeoutFault?: AgentFault["code"];
}

/** A real Envoy to be started by an agent. */
export interface EnvoySpec {
  readonly namespace: string | null;
  readonly owner: Owner;
  /** Path of the program, as the agent sees it. */
  readonly program: string;
  /** Its bootstrap configuration, whose access log goes to stdout. */
  readonly bootstrap: object;
}

/** How a command ended: its status, and all that it printed. */
export interface CommandOutcome {
  /** Exit status; null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
