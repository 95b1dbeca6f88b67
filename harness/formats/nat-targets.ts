import type { Range } from "../model/match.ts";
import type { NatTarget, Target } from "../model/target.ts";
import { badValue, type Fault, type OptionUse, type ReadContext } from "./match-module.ts";
import { findUse, flagsOf, type TargetModule } from "./target-module.ts";
import { parseAddressRange, parsePorts, renderPorts } from "./values.ts";

const REDIRECT_FLAGS = ["random"];
const MASQUERADE_FLAGS = ["random", "random-fully"];
const DNAT_FLAGS = ["random", "persistent"];
const SNAT_FLAGS = ["random", "random-fully", "persistent"];

const NAT_OPTIONS = {
  dnat: { option: "--to-destination", flags: DNAT_FLAGS },
  snat: { option: "--to-source", flags: SNAT_FLAGS },
} as const;

/** The targets that rewrite addresses and ports: REDIRECT, MASQUERADE, DNAT, SNAT (iptables-extensions(8)). */
export const NAT_TARGETS: Readonly<Record<string, TargetModule>> = {
  REDIRECT: {
    takes: { "--to-ports": 1, "--random": 0 },
    read: (uses, context) => {
      const ports = readPorts(uses, context);
      return isFault(ports) ? ports : { kind: "redirect", ports, random: flagsOf(uses, REDIRECT_FLAGS).length > 0 };
    },
  },
  MASQUERADE: {
    takes: { "--to-ports": 1, "--random": 0, "--random-fully": 0 },
    read: (uses, context) => {
      const ports = readPorts(uses, context);
      return isFault(ports) ? ports : { kind: "masquerade", ports, flags: flagsOf(uses, MASQUERADE_FLAGS) };
    },
  },
  DNAT: {
    takes: { "--to-destination": 1, "--random": 0, "--persistent": 0 },
    read: (uses, context, column) => readNat("dnat", uses, context, column),
  },
  SNAT: {
    takes: { "--to-source": 1, "--random": 0, "--random-fully": 0, "--persistent": 0 },
    read: (uses, context, column) => readNat("snat", uses, context, column),
  },
};

function isFault(value: Range | Fault | null): value is Fault {
  return value !== null && "kind" in value;
}

function readPorts(uses: readonly OptionUse[], context: ReadContext): Range | Fault | null {
  const use = findUse(uses, "--to-ports");
  if (!use) return null;
  return parsePorts(use.values[0] ?? "", context.names, "-") ?? badValue(use, "a port or a range 8000-8100");
}

function readNat(
  kind: NatTarget["kind"],
  uses: readonly OptionUse[],
  context: ReadContext,
  column: number,
): Target | Fault | "opaque" {
  const { option, flags } = NAT_OPTIONS[kind];
  const use = findUse(uses, option);
  if (!use)
    return { kind: "fault", column, message: `${kind.toUpperCase()} needs ${option} ADDRESS[-ADDRESS][:PORT[-PORT]].` };
  const text = use.values[0] ?? "";
  if (text.includes("/")) return "opaque";
  const end = takeApart(text, context);
  const isGood = end.addresses !== undefined && end.ports !== undefined;
  if (!isGood) return badValue(use, `ADDRESS[-ADDRESS][:PORT[-PORT]] of IPv${context.family}`);
  return { kind, addresses: end.addresses ?? null, ports: end.ports ?? null, flags: flagsOf(uses, flags) };
}

/** Undefined stands for a part that cannot be read, null for one that is not given. */
function takeApart(text: string, context: ReadContext) {
  const found =
    context.family === 6 ? /^(?:\[([^\]]*)\](?::(.*))?|:(\d.*)|(.*))$/.exec(text) : /^([^:]*)(?::(.*))?$/.exec(text);
  const addressText = found?.[1] || (context.family === 6 ? found?.[4] : undefined) || null;
  const portText = found?.[2] ?? (context.family === 6 ? found?.[3] : undefined) ?? null;
  return {
    addresses: addressText === null ? null : (parseAddressRange(addressText, context.family) ?? undefined),
    ports: portText === null ? null : (parsePorts(portText, context.names, "-") ?? undefined),
  };
}

/** Gives a NAT target as iptables prints it. */
export function renderNatTarget(
  target: NatTarget | Extract<Target, { readonly kind: "redirect" | "masquerade" }>,
): string {
  switch (target.kind) {
    case "redirect":
      return ["REDIRECT", ...portWords(target.ports), ...(target.random ? ["--random"] : [])].join(" ");
    case "masquerade":
      return ["MASQUERADE", ...portWords(target.ports), ...flagWords(target.flags, MASQUERADE_FLAGS)].join(" ");
    case "dnat":
    case "snat": {
      const { option, flags } = NAT_OPTIONS[target.kind];
      return [target.kind.toUpperCase(), option, renderNatEnd(target), ...flagWords(target.flags, flags)].join(" ");
    }
  }
}

function portWords(ports: Range | null): readonly string[] {
  return ports ? ["--to-ports", renderPorts(ports, "-")] : [];
}

function flagWords(flags: readonly string[], known: readonly string[]): readonly string[] {
  return known.filter((flag) => flags.includes(flag)).map((flag) => `--${flag}`);
}

/** Gives what stands behind `--to-destination`: `10.0.0.1-10.0.0.9:80-90`, `[2001:db8::1]:80`, `:80`. */
function renderNatEnd({ addresses, ports }: NatTarget): string {
  const portText = ports ? `:${renderPorts(ports, "-")}` : "";
  if (!addresses) return portText;
  const addressText = addresses.first === addresses.last ? addresses.first : `${addresses.first}-${addresses.last}`;
  return ports && addressText.includes(":") ? `[${addressText}]${portText}` : addressText + portText;
}
