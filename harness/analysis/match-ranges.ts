import { parseAddress } from "../model/address.ts";
import type { Match, Range } from "../model/match.ts";
import { networkRanges, type ValueRanges } from "../model/value-ranges.ts";

/** A field of a packet that a match can compare with values. */
export type Field = "source" | "destination" | "source-port" | "destination-port" | "uid" | "gid";

/** What a match asks of a field: to be in some ranges. A multiport with `--ports` asks it of either port. */
export interface MatchRanges {
  readonly fields: readonly Field[];
  readonly axis: "addresses" | "ports" | "ids";
  readonly ranges: ValueRanges;
}

/** Gives the ranges a match compares with, its `!` left aside; null where it compares with something else. */
export function rangesOf(match: Match): MatchRanges | null {
  switch (match.kind) {
    case "source":
    case "destination":
      return { fields: [match.kind], axis: "addresses", ranges: networkRanges(match.network) };
    case "source-range":
    case "destination-range":
      return {
        fields: [match.kind === "source-range" ? "source" : "destination"],
        axis: "addresses",
        ranges: addressRange(match),
      };
    case "source-port":
    case "destination-port":
      return { fields: [match.kind], axis: "ports", ranges: [toBig(match.ports)] };
    case "multiport": {
      const sides = {
        source: ["source-port"],
        destination: ["destination-port"],
        either: ["source-port", "destination-port"],
      } as const;
      return { fields: sides[match.side], axis: "ports", ranges: match.ports.map(toBig) };
    }
    case "owner":
      return match.ids === null || match.what === "socket-exists"
        ? null
        : { fields: [match.what], axis: "ids", ranges: [toBig(match.ids)] };
    default:
      return null;
  }
}

function toBig({ first, last }: Range): readonly [bigint, bigint] {
  return [BigInt(first), BigInt(last)];
}

function addressRange({ first, last }: { readonly first: string; readonly last: string }): ValueRanges {
  const [low, high] = [parseAddress(first)?.value ?? 0n, parseAddress(last)?.value ?? 0n];
  return low <= high ? [[low, high]] : [];
}
