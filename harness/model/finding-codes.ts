/**
 * What a finding is about, for programs: codes stay as they are, messages may change. `docs/codes.md` lists them too.
 *
 * - `invalid-value`: a value does not have the form, or is not in the range, that its option, variable or field requires.
 * - `invalid-address`: a text is not an IPv4 or IPv6 address.
 * - `unusable-address`: the pod cannot have this address: it is not a unicast address, or another host of the sandbox has it.
 * - `invalid-flow`: a text is not a flow.
 * - `invalid-flow-set`: a text is not a set of flows.
 * - `invalid-landing`: a text is not a landing.
 * - `undrivable-flow`: a flow is valid, but no socket of the sandbox can send it.
 * - `invalid-property`: a property's name is invalid, or its flows and its claim do not fit together.
 * - `wrong-shape`: a field of a file or module has a value of the wrong type.
 * - `other-report`: a report comes from another backend or Envoy than the reports it is merged with.
 * - `missing-value`: a required value is missing.
 * - `unknown-option`: neither the command nor the mesh whose options it takes has this option.
 * - `unknown-flag`: the mesh whose flags the command takes has no such flag; the command also prints its help.
 * - `unknown-field`: a file or module has an unknown field.
 * - `unknown-name`: there is no command, scenario, mesh, property, actor or container with this name.
 * - `unexpected-word`: the command does not take this argument, or not so many arguments.
 * - `duplicate`: the same thing is given twice.
 * - `conflict`: two inputs exclude each other.
 * - `wrong-family`: an input belongs to an address family that is not under test or for which no rules were given.
 * - `unsupported`: the option exists, but not for this mesh or command.
 * - `unreadable`: a file cannot be read.
 * - `unwritable`: a file or folder cannot be written.
 * - `malformed-text`: a file is not valid JSON or YAML, or does not have the expected format.
 * - `unusable-module`: a module does not load, or exports something other than plain data.
 * - `rule-fault`: a line is not a valid rule, or iptables or the kernel would reject it.
 * - `nothing-asked`: the question covers no flows, so any answer would be correct.
 * - `no-effect`: a setting has no effect. Only in warnings.
 * - `capture-gap`: traffic that you would expect to be captured is not, or the reverse. Only in warnings.
 * - `differs-from-original`: the original generator reads a value differently. Only in warnings.
 * - `wrong-landing`: a flow lands elsewhere than required.
 * - `more-findings`: the list of findings is truncated here; the message says how many were omitted.
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
