import type { EndingKind } from "../model/landing.ts";

/** Who dials in a pod of Istio 1.4, by the names that {@link FlowWords} knows. */
export const ACTORS = ["app", "root", "envoy", "proxy", "status", "client", "upstream", "vm"] as const;
/** What is dialled by name. */
const TARGETS = ["pod", "upstream", "client", "localhost", "vm"] as const;
/** Where a flow lands in a pod of Istio 1.4, or beside it, by name. */
export const LISTENERS = ["envoy-outbound", "envoy-inbound", "status", "app", "client", "upstream"] as const;

type OfBothFamilies<Name extends string> = Name | `${Name}6`;
type Ids = `uid=${string}` | `gid=${string}` | `mark=${string}`;
type Who = Ids | `${OfBothFamilies<(typeof ACTORS)[number]>}${"" | `,${Ids}`}`;
type Start = `${Who}${"" | `@${string}`}`;
type Address = `${number}.${string}` | `[${string}]`;
type TargetHost = OfBothFamilies<(typeof TARGETS)[number]> | Address;
type Target = `${TargetHost}:${number}${"" | "/tcp" | "/udp"}` | `${TargetHost}/icmp`;

/**
 * A text itself where it is a flow as a test writes it, else what it may have been meant to be: `client -> pod:8080`,
 * `uid=1337,gid=1000 -> 10.96.0.1:443`, `app@127.0.0.2 -> upstream6:53/udp`. A mistyped actor or target does not compile; ports, ids and
 * addresses are read when the flow is driven, and so is a text that is not known when the test is compiled, such as a row of a table.
 *
 * Either end is looked at alone: a union of all flows has thousands of members, and costs the type checker seconds.
 */
export type FlowWords<Text extends string> = string extends Text
  ? Text
  : Text extends `again ${infer Flow}`
    ? `again ${OneFlow<Flow>}`
    : OneFlow<Text>;

type OneFlow<Text extends string> = Text extends `${infer From} -> ${infer To}`
  ? From extends Start
    ? `${From} -> ${Target}`
    : `${Start} -> ${To}`
  : `${string} -> ${string}`;

/** A landing as a test writes it: `envoy-inbound:15006`, `app:8080 via envoy-inbound from 127.0.0.6`, `refused`. */
export type LandingWords =
  | Exclude<EndingKind, "listener">
  | `${(typeof LISTENERS)[number]}${"" | `:${number}`}${"" | ` ${"at" | "redirected" | "via" | "from"}${string}`}`;

/** A text of the form `Words` where it is known when the test is compiled, else any text: rows of a table have the type `string`. */
export type Written<Text extends string, Words extends string> = string extends Text ? Text : Words;
