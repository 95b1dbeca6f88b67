import { type Family, unspecifiedAddress } from "../model/address.ts";
import type { ConnmarkTarget, MarkTarget, TproxyTarget } from "../model/target.ts";
import { readHostAddress } from "./address-words.ts";
import { badValue, type Fault, type OptionUse, type ReadContext } from "./match-module.ts";
import { findUse, firstValue, type TargetModule } from "./target-module.ts";
import { FULL_MASK, type MaskedValue, parseDecimalPorts, parseMasked, parseNumber, renderHex } from "./values.ts";

const SET_OPTIONS = { "--set-xmark": 1, "--set-mark": 1, "--and-mark": 1, "--or-mark": 1, "--xor-mark": 1 } as const;

/** The targets that set marks: MARK, CONNMARK, TPROXY (iptables-extensions(8)). */
export const MARK_TARGETS: Readonly<Record<string, TargetModule>> = {
  MARK: {
    takes: SET_OPTIONS,
    read: (uses, _, column) => {
      const mark = readSetting(uses, "MARK", column);
      return "kind" in mark ? mark : { kind: "mark", ...mark };
    },
  },
  CONNMARK: {
    takes: { ...SET_OPTIONS, "--save-mark": 0, "--restore-mark": 0, "--nfmask": 1, "--ctmask": 1, "--mask": 1 },
    read: (uses, _, column) => {
      if (findUse(uses, "--save-mark")) return readCopy("connmark-save", uses);
      if (findUse(uses, "--restore-mark")) return readCopy("connmark-restore", uses);
      const mark = readSetting(uses, "CONNMARK", column);
      return "kind" in mark ? mark : { kind: "connmark-set", ...mark };
    },
  },
  TPROXY: { takes: { "--on-port": 1, "--on-ip": 1, "--tproxy-mark": 1 }, read: readTproxy },
};

/** Every way to set a mark comes down to one: `mark = (mark & ~mask) ^ value` (extensions/libxt_MARK.c, 1.8.9). */
function readSetting(uses: readonly OptionUse[], target: string, column: number): MaskedValue | Fault {
  const use = uses.find((candidate) => candidate.option in SET_OPTIONS);
  if (!use) return { kind: "fault", column, message: `${target} needs one of ${Object.keys(SET_OPTIONS).join(", ")}.` };
  const given = parseMasked(use.values[0] ?? "");
  if (!given) return badValue(use, "a 32-bit number, or number/mask");
  const { value, mask } = given;
  switch (use.option) {
    case "--set-mark":
      return { value, mask: (value | mask) >>> 0 };
    case "--and-mark":
      return { value: 0, mask: ~value >>> 0 };
    case "--or-mark":
      return { value, mask: value };
    case "--xor-mark":
      return { value, mask: 0 };
    default:
      return given;
  }
}

function readCopy(kind: "connmark-save" | "connmark-restore", uses: readonly OptionUse[]): ConnmarkTarget | Fault {
  const both = firstValue(uses, "--mask");
  const [nfmask, ctmask] = ["--nfmask", "--ctmask"].map((option) => {
    const text = firstValue(uses, option) ?? both;
    return text === undefined ? FULL_MASK : parseNumber(text, FULL_MASK);
  });
  const masks = uses.find((use) => use.values.length > 0);
  if (typeof nfmask === "number" && typeof ctmask === "number") return { kind, nfmask, ctmask };
  return masks ? badValue(masks, "a 32-bit mask") : { kind, nfmask: FULL_MASK, ctmask: FULL_MASK };
}

function readTproxy(uses: readonly OptionUse[], context: ReadContext, column: number): TproxyTarget | Fault {
  const [portUse, addressUse, markUse] = ["--on-port", "--on-ip", "--tproxy-mark"].map((option) =>
    findUse(uses, option),
  );
  if (!portUse) return { kind: "fault", column, message: "TPROXY needs --on-port PORT." };
  const ports = parseDecimalPorts(portUse.values[0] ?? "", context.names);
  if (ports === null || ports.first !== ports.last) return badValue(portUse, "a port");
  const given = addressUse?.values[0] ?? unspecifiedAddress(context.family);
  const address = readHostAddress(given, context.family);
  if (addressUse && address === null) return badValue(addressUse, "an address");
  const mark = markUse ? parseMasked(markUse.values[0] ?? "") : { value: 0, mask: 0 };
  if (mark === null) return badValue(markUse ?? portUse, "a 32-bit number, or number/mask");
  return {
    kind: "tproxy",
    port: ports.first,
    address: address === unspecifiedAddress(context.family) ? null : address,
    mark,
  };
}

/** Gives a target that sets marks as iptables prints it; the family decides how TPROXY's missing address prints. */
export function renderMarkTarget(target: MarkTarget | ConnmarkTarget | TproxyTarget, family: Family): string {
  switch (target.kind) {
    case "mark":
      return `MARK --set-xmark ${renderHex(target.value)}/${renderHex(target.mask)}`;
    case "connmark-set":
      return `CONNMARK --set-xmark ${renderHex(target.value)}/${renderHex(target.mask)}`;
    case "connmark-save":
    case "connmark-restore": {
      const option = target.kind === "connmark-save" ? "--save-mark" : "--restore-mark";
      return `CONNMARK ${option} --nfmask ${renderHex(target.nfmask)} --ctmask ${renderHex(target.ctmask)}`;
    }
    case "tproxy": {
      const mark = `${renderHex(target.mark.value)}/${renderHex(target.mark.mask)}`;
      return `TPROXY --on-port ${target.port} --on-ip ${target.address ?? unspecifiedAddress(family)} --tproxy-mark ${mark}`;
    }
  }
}
