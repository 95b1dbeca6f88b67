import type { SideEffectName, Target } from "../model/target.ts";
import { badValue, type Fault, type OptionUse } from "./match-module.ts";
import {
  choice,
  findDscpClass,
  flag,
  keepOptions,
  number,
  type PrintedOption,
  printClass,
  printOptions,
  printTcpOptions,
  printTos,
  renderByte,
  text,
  word,
} from "./side-effect-options.ts";
import { findUse, type TargetModule } from "./target-module.ts";
import { parseNumber } from "./values.ts";

/** How one target is written: its options, the one of them that it cannot be without, and what `iptables -L` makes of the printed text. */
interface Writing {
  readonly takes: TargetModule["takes"];
  /** Gives the printed options, a fault, or `opaque` for a use that is kept as text. */
  readonly print: (uses: readonly OptionUse[], column: number) => string | Fault | "opaque";
  readonly list: (options: string) => string;
}

/** Options that print in the order of the table; one of `needs` must be there. */
function inOrder(
  options: readonly PrintedOption[],
  list: Writing["list"],
  needs: readonly string[] = [],
  unprinted: readonly string[] = [],
): Writing {
  return {
    takes: Object.fromEntries(options.map(({ option, print }) => [option, print === null ? 0 : 1] as const)),
    print: (uses, column) => {
      if (needs.length > 0 && !needs.some((option) => findUse(uses, option)))
        return { kind: "fault", column, message: `This target needs ${needs.join(" or ")}.` };
      const printed = printOptions(uses, options, unprinted);
      return "text" in printed ? printed.text : badValue(printed.refused, printed.takes);
    },
    list,
  };
}

/** Options that stay as they are written. */
function asWritten(takes: TargetModule["takes"]): Writing {
  return { takes, print: keepOptions, list: (options) => options };
}

function withoutDashes(options: string): string {
  return options.replaceAll(/(^| )--/g, "$1");
}

const TOS_OPTIONS = { "--set-tos": 1, "--and-tos": 1, "--or-tos": 1, "--xor-tos": 1 } as const;

/** By name; options and printing as in extensions/libxt_NAME.c, libipt_NAME.c (iptables 1.8.9). */
const WRITINGS = {
  NFLOG: inOrder(
    [
      text("--nflog-prefix"),
      number("--nflog-group", 0, 65535),
      number("--nflog-range", 0, 0xffffffff),
      number("--nflog-size", 0, 0xffffffff),
      number("--nflog-threshold", 0, 65535),
    ],
    withoutDashes,
    [],
    ["--nflog-group 0", "--nflog-threshold 0"],
  ),
  ULOG: asWritten({ "--ulog-nlgroup": 1, "--ulog-prefix": 1, "--ulog-cprange": 1, "--ulog-qthreshold": 1 }),
  TRACE: inOrder([], withoutDashes),
  AUDIT: inOrder([choice("--type", ["accept", "drop", "reject"])], (options) => options.replace("--type", "AUDIT"), [
    "--type",
  ]),
  CLASSIFY: inOrder(
    [{ option: "--set-class", print: printClass, takes: "MAJOR:MINOR in hexadecimal" }],
    (options) => options.replace(/--set-class 0*(\w+):0*(\w+)/, "CLASSIFY set $1:$2"),
    ["--set-class"],
  ),
  CHECKSUM: inOrder([flag("--checksum-fill")], () => "CHECKSUM fill", ["--checksum-fill"]),
  TOS: {
    takes: TOS_OPTIONS,
    print: (uses, column) => {
      const [use, ...more] = uses;
      if (!use || more.length > 0)
        return { kind: "fault", column, message: `TOS needs one of ${Object.keys(TOS_OPTIONS).join(", ")}.` };
      return printTos(use) ?? badValue(use, "a number from 0 to 255, a number with a mask, or a name");
    },
    list: (options) => options.replace("--set-tos", "TOS set"),
  },
  DSCP: {
    takes: { "--set-dscp": 1, "--set-dscp-class": 1 },
    print: ([use], column) => {
      if (!use) return { kind: "fault", column, message: "DSCP needs --set-dscp or --set-dscp-class." };
      const given = use.values[0] ?? "";
      const value = use.option === "--set-dscp" ? parseNumber(given, 63) : findDscpClass(given);
      return value === null
        ? badValue(use, "a number from 0 to 63, or a class such as EF or AF21")
        : `--set-dscp 0x${renderByte(value)}`;
    },
    list: (options) => options.replace("--set-dscp", "DSCP set"),
  },
  ECN: inOrder([flag("--ecn-tcp-remove")], () => "ECN TCP remove", ["--ecn-tcp-remove"]),
  TCPMSS: inOrder(
    [number("--set-mss", 1, 65535 - 40), flag("--clamp-mss-to-pmtu")],
    (options) =>
      options.startsWith("--set-mss") ? options.replace("--set-mss", "TCPMSS set") : "TCPMSS clamp to PMTU",
    ["--set-mss", "--clamp-mss-to-pmtu"],
  ),
  TCPOPTSTRIP: inOrder(
    [
      {
        option: "--strip-options",
        print: printTcpOptions,
        takes: "numbers or names of TCP options, separated by commas",
      },
    ],
    (options) => options.replace("--strip-options", "TCPOPTSTRIP options"),
    ["--strip-options"],
  ),
  IDLETIMER: inOrder(
    [number("--timeout", 1, 0xffffffff), word("--label"), flag("--alarm")],
    (options) => withoutDashes(options).replace("timeout ", "timeout:").replace("label ", "label:"),
    ["--timeout"],
  ),
  // --map-set may set the packet's mark, and is kept as text.
  SET: asWritten({ "--add-set": 2, "--del-set": 2, "--exist": 0, "--timeout": 1 }),
  SECMARK: asWritten({ "--selctx": 1 }),
  CONNSECMARK: inOrder([flag("--save"), flag("--restore")], (options) => options.replace("--", "CONNSECMARK "), [
    "--save",
    "--restore",
  ]),
  LED: asWritten({ "--led-trigger-id": 1, "--led-delay": 1, "--led-always-blink": 0 }),
  RATEEST: {
    ...asWritten({ "--rateest-name": 1, "--rateest-interval": 1, "--rateest-ewmalog": 1 }),
    print: (uses) => uses.map(({ option, values }) => `${option} ${values.join(" ")}`).join(" "),
    list: (options) => options.replaceAll("--rateest-", ""),
  },
} satisfies Record<SideEffectName, Writing>;

/** The targets that only have a side effect, by the name behind `-j`. */
export const SIDE_EFFECT_TARGETS: Readonly<Record<string, TargetModule>> = Object.fromEntries(
  Object.entries<Writing>(WRITINGS).map(([name, { takes, print }]): [string, TargetModule] => [
    name,
    {
      takes,
      read: (uses, _, column) => {
        const printed = print(uses, column);
        if (printed === "opaque" || typeof printed !== "string") return printed;
        return { kind: "side-effect", name: name as SideEffectName, options: printed };
      },
    },
  ]),
);

type SideEffect = Extract<Target, { readonly kind: "side-effect" }>;

/** Gives a target that only has a side effect as iptables prints it. */
export function renderSideEffect({ name, options }: SideEffect): string {
  return options === "" ? name : `${name} ${options}`;
}

/** Gives what `iptables -L` prints of it behind everything else. */
export function listSideEffect({ name, options }: SideEffect): string {
  return WRITINGS[name].list(options);
}
