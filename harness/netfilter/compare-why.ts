import type { CompareMatch } from "../model/compare.ts";
import { READERS, type Read } from "./compare-readers.ts";
import type { Packet } from "./packet.ts";

/** Says in a short clause why a comparison does not hold for a packet: `tcp dport is 81`, `meta skuid reads nothing: …`. */
export function describeCompare({ keys }: CompareMatch, packet: Packet): string {
  return keys.map((key) => `${key.name} ${describeReading((READERS[key.name] as Read)(packet, key, 0n))}`).join(", ");
}

function describeReading(reading: ReturnType<Read>): string {
  if (reading === null) return "reads nothing of this packet";
  if (typeof reading === "bigint") return `is ${reading > 0xffffn ? `0x${reading.toString(16)}` : reading}`;
  if (typeof reading === "string") return reading === "" ? "is empty at this hook" : `is ${reading}`;
  if ("address" in reading) return `is ${reading.address.text}`;
  return `is ${reading.port < 0 ? "the kernel's free choice" : reading.port}`;
}
