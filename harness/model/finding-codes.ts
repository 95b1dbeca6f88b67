/**
 * What a finding is about, for programs: codes stay as they are, messages may change. `docs/codes.md` lists them too.
 *
 * - `invalid-value`: a value is not of the form, or not in the range, that its option, variable or field takes.
 * - `invalid-address`: a text is not an IPv4 or IPv6 address.
 * - `unusable-address`: an address cannot be the pod's: it is no unicast address, or another host of the sandbox has it.
 * - `invalid-flow`: a text is not a flow.
 * - `invalid-flow-set`: a text is not a set of flows.
 * - `invalid-landing`: a text is not a landing.
 * - `undrivable-flow`: a text is a flow, but no socket of the sandbox can send it so.
 * - `invalid-property`: a property's name is not one, or its flows and its claim do not go together.
 * - `wrong-shape`: a file or a module has a field whose value is not of the kind that the field takes.
 * - `other-report`: a report is of another backend or Envoy than the ones it is put together with.
 * - `missing-value`: something that is needed is not given.
 * - `unknown-option`: the command, or the tool whose options it takes, has no such option.
 * - `unknown-flag`: the generator whose flags the command takes has no such flag; with it the command prints its help.
 * - `unknown-field`: a file or a module has a field that nobody reads.
 * - `unknown-name`: nothing has this name: no command, scenario, mesh, property, actor or container.
 * - `unexpected-word`: the command takes no such word, or not so many.
 * - `duplicate`: the same thing is given twice.
 * - `conflict`: two things that are given exclude each other.
 * - `wrong-family`: something is of an address family that is not asked about, or not given.
 * - `unsupported`: the option exists, but not for this mesh or command.
 * - `unreadable`: a file cannot be read.
 * - `unwritable`: a place cannot be written.
 * - `malformed-text`: a file is not JSON, YAML, or what it is given as.
 * - `unusable-module`: a module does not load, or exports something other than plain data.
 * - `rule-fault`: a line of rules is not one, or iptables or the kernel would refuse it.
 * - `nothing-asked`: what is asked about holds nothing, so that any answer would be right.
 * - `no-effect`: a setting changes nothing. Only in warnings.
 * - `capture-gap`: traffic that one would expect to be captured is not, or the other way round. Only in warnings.
 * - `differs-from-original`: the original generator reads a value otherwise. Only in warnings.
 * - `wrong-landing`: a flow lands elsewhere than it must.
 * - `more-findings`: the list is cut here; the message says how many findings are left out.
 */
export const FINDING_CODES = [
  "invalid-value",
  "invalid-address",
  "unusable-address",
  "invalid-flow",
  "invalid-flow-set",
  "invalid-landing",
  "undrivable-flow",
  "invalid-property",
  "wrong-shape",
  "other-report",
  "missing-value",
  "unknown-option",
  "unknown-flag",
  "unknown-field",
  "unknown-name",
  "unexpected-word",
  "duplicate",
  "conflict",
  "wrong-family",
  "unsupported",
  "unreadable",
  "unwritable",
  "malformed-text",
  "unusable-module",
  "rule-fault",
  "nothing-asked",
  "no-effect",
  "capture-gap",
  "differs-from-original",
  "wrong-landing",
  "more-findings",
] as const;

/** What a finding is about: one of {@link FINDING_CODES}. */
export type FindingCode = (typeof FINDING_CODES)[number];
