import { canonicalAddress, type Family, familyOf } from "../../model/address.ts";
import { codedFinding, type Finding, finding, type Parsed } from "../../model/finding.ts";
import { POD_INTERFACE } from "../../model/pod.ts";
import type { MeshInput, ReadSettings, SettingOrigin } from "../mesh.ts";
import { type GivenValue, readOptionWords, readSwitch } from "../option-words.ts";
import { type Note, splitList } from "../values.ts";
import { type PodAnnotations, readAnnotations } from "./annotations.ts";
import { AMBIENT_OPTIONS } from "./options.ts";

/** What decides about the rules in a pod of ambient mode. */
export interface AmbientSettings {
  /** Whether DNS goes to ztunnel. */
  readonly dnsCapture: "on" | "off";
  readonly ipv6: "on" | "off";
  /** `bypassed`: what comes in is left alone. */
  readonly inbound: "captured" | "bypassed";
  /** Interfaces whose inbound TCP counts as outbound traffic, in order; a trailing `+` stands for any ending. */
  readonly virtualInterfaces: readonly string[];
  /** The address from which kubelet's probes come, canonical text. */
  readonly probeAddress: Readonly<Record<Family, string>>;
}

/** The address that stands for kubelet (cni/pkg/nodeagent/options.go). */
const PROBE_ADDRESS: Readonly<Record<Family, string>> = {
  4: "169.254.7.127",
  6: "fd16:9254:7127:1337:ffff:ffff:ffff:ffff",
};
/** Bytes of an interface's name at most: IFNAMSIZ less its ending zero (linux/if.h). */
const MAX_NAME_BYTES = 15;
const DEFAULT_ORIGIN: SettingOrigin = { kind: "default", name: null };
const NO_ANNOTATIONS: PodAnnotations = { values: new Map(), findings: [], warnings: [] };

interface Given {
  readonly text: string;
  /** What findings call it. */
  readonly where: string;
  readonly origin: SettingOrigin;
}

/**
 * Reads what Istio's node agent is told and what the pod's annotations say, all findings at once. An annotation counts more than a flag, a
 * flag more than a variable, as the agent has it (cni/pkg/iptables/iptables.go, AppendInpodRules). Where the agent takes a value that is
 * neither true nor false as false, this is a finding; an empty variable is false.
 */
export function readAmbient({ tokens, environment, config, pod }: MeshInput): Parsed<ReadSettings<AmbientSettings>> {
  const { values, asksForHelp, findings: found } = readOptionWords(tokens, AMBIENT_OPTIONS);
  const annotations = config === null ? NO_ANNOTATIONS : readAnnotations(config);
  const findings: Finding[] = [...found, ...annotations.findings];
  const given = (setting: string) => findGiven(setting, values, annotations, environment);
  const noteFor =
    ({ where }: Given): Note =>
    (message) =>
      void findings.push(finding(where, message));
  const toggle = (setting: string): "on" | "off" => {
    const value = given(setting);
    return value === null ? "off" : readToggle(value, noteFor(value));
  };
  const address = (setting: string, family: Family): string => {
    const value = given(setting);
    return value === null ? PROBE_ADDRESS[family] : (readAddress(value.text, family, noteFor(value)) ?? "");
  };
  const interfaces = given("virtualInterfaces");
  const settings: AmbientSettings = {
    dnsCapture: toggle("dnsCapture"),
    ipv6: toggle("ipv6"),
    inbound: toggle("bypassInboundCapture") === "on" ? "bypassed" : "captured",
    virtualInterfaces: interfaces === null ? [] : readInterfaces(interfaces.text, noteFor(interfaces)),
    probeAddress: { 4: address("probeAddress", 4), 6: address("probeAddressV6", 6) },
  };
  findings.push(...findOtherActions(given));
  if (findings.length > 0 && !asksForHelp) return { ok: false, findings };
  const origins = Object.fromEntries(
    AMBIENT_OPTIONS.filter(({ effect }) => effect === "rules").map(({ setting }) => [
      setting,
      given(setting)?.origin ?? DEFAULT_ORIGIN,
    ]),
  );
  const warnings = [...annotations.warnings, ...warn(settings, interfaces?.where ?? "", pod.addresses)];
  return { ok: true, value: { settings, origins, warnings, purpose: asksForHelp ? "usage" : "apply" } };
}

/** Gives the strongest of what a setting is given; of several flags the last, of a list's all. */
function findGiven(
  setting: string,
  values: ReadonlyMap<string, GivenValue>,
  annotations: PodAnnotations,
  environment: MeshInput["environment"],
): Given | null {
  const option = AMBIENT_OPTIONS.find((one) => one.setting === setting);
  const annotation = annotations.values.get(setting);
  if (annotation !== undefined) {
    const { name, text } = annotation;
    return { text, where: name, origin: { kind: "annotation", name } };
  }
  const flag = values.get(setting);
  if (flag !== undefined) {
    const text = option?.repeats === "all" ? flag.texts.join(",") : (flag.texts.at(-1) ?? "");
    return { text, where: flag.flag, origin: { kind: "flag", name: flag.flag } };
  }
  const name = option?.variable ?? null;
  const text = name === null ? undefined : environment[name];
  if (name === null || text === undefined) return null;
  return { text, where: name, origin: { kind: "variable", name } };
}

function readToggle({ text, origin }: Given, note: Note): "on" | "off" {
  if (text === "" && origin.kind === "variable") return "off";
  const read = readSwitch(text);
  if (read === null) note(`"${text}" is not a valid value; write true or false.`);
  return read ?? "off";
}

function readAddress(text: string, family: Family, note: Note): string | null {
  const address = canonicalAddress(text);
  if (address !== null && familyOf(address) === family) return address;
  note(`"${text}" is not an IPv${family} address; write one such as ${PROBE_ADDRESS[family]}.`);
  return null;
}

/** Blanks around a name and empty entries do not count (cni/pkg/nodeagent/net.go). */
function readInterfaces(text: string, note: Note): readonly string[] {
  const names = splitList(text)
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of names) {
    const fault = faultOfName(name);
    if (fault !== null) note(`"${name}" ${fault}`);
  }
  return names;
}

function faultOfName(name: string): string | null {
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES)
    return `is too long for an interface name: the maximum is ${MAX_NAME_BYTES} bytes.`;
  if (name === "+") return "means every interface, including the pod's own; name the interfaces.";
  return /[\s/:"'\\*!]/.test(name) || /^[-.]/.test(name) ? "is not a valid interface name." : null;
}

function findOtherActions(given: (setting: string) => Given | null): readonly Finding[] {
  return AMBIENT_OPTIONS.flatMap(({ setting, effect, help }) => {
    const value = typeof effect === "string" ? null : given(setting);
    if (value === null || typeof effect === "string" || readSwitch(value.text) === "off" || value.text === "")
      return [];
    return [codedFinding("unsupported", value.where, `It ${help}. ${effect.instead}`)];
  });
}

function warn(
  { virtualInterfaces, ipv6 }: AmbientSettings,
  where: string,
  addresses: readonly string[],
): readonly Finding[] {
  const [ip6] = addresses.filter((address) => familyOf(address) === 6);
  return [
    ...(virtualInterfaces.includes(POD_INTERFACE)
      ? [
          codedFinding(
            "capture-gap",
            where,
            `${POD_INTERFACE} is the pod's own interface: every inbound connection goes to port 15001.`,
          ),
        ]
      : []),
    ...(virtualInterfaces.includes("lo")
      ? [
          codedFinding(
            "capture-gap",
            where,
            "The nat table does not see packets that the pod sends to itself over lo in PREROUTING.",
          ),
        ]
      : []),
    ...(ipv6 === "off" && ip6 !== undefined
      ? [
          codedFinding(
            "capture-gap",
            "--ambient-ipv6",
            `The pod has the address ${ip6}, but its IPv6 traffic bypasses ztunnel; add --ambient-ipv6.`,
          ),
        ]
      : []),
  ];
}
