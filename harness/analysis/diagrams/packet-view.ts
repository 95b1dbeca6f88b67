import type { Owner } from "../../model/pod.ts";
import type { Field } from "./axis-ranges.ts";

/** Values of which the kernel chooses one, both ends included. */
export interface Choice<T> {
  readonly first: T;
  readonly last: T;
}

/** Where a packet's address comes from: the flow's source or destination, a fixed address, or one of a range. */
export type AddressBinding = "source" | "destination" | bigint | Choice<bigint>;

/** Where a packet's port comes from: the port dialled, the free choice of the kernel, a fixed number, or one of a range. */
export type PortBinding = "port" | "free" | number | Choice<number>;

/** Whose a packet is: the flow's dialler's, somebody fixed, or nobody's (the kernel made it, or it was received). */
export type OwnerBinding = "flow" | Owner | "none";

/**
 * How the fields of one kind of packet follow from the flow it belongs to. A flow's first packet has
 * `{ source: "source", sourcePort: "free", destination: "destination", destinationPort: "port", owner: "flow" }`.
 */
export interface PacketView {
  readonly source: AddressBinding;
  readonly sourcePort: PortBinding;
  readonly destination: AddressBinding;
  readonly destinationPort: PortBinding;
  readonly owner: OwnerBinding;
}

/** What a field is in a view: a dimension of flows, a fixed value, the kernel's choice from a range or altogether, or absent. */
export type Bound =
  | { readonly kind: "dimension"; readonly name: "uid" | "gid" | "source" | "destination" | "port" }
  | { readonly kind: "value"; readonly value: bigint }
  | ({ readonly kind: "choice" } & Choice<bigint>)
  | { readonly kind: "free" | "absent" };

/** Gives what a field is in a view. */
export function bindField(view: PacketView, field: Field): Bound {
  switch (field) {
    case "source":
    case "destination":
      return bindAddress(view[field]);
    case "source-port":
      return bindPort(view.sourcePort);
    case "destination-port":
      return bindPort(view.destinationPort);
    case "uid":
    case "gid": {
      if (view.owner === "none") return { kind: "absent" };
      return view.owner === "flow"
        ? { kind: "dimension", name: field }
        : { kind: "value", value: BigInt(view.owner[field]) };
    }
  }
}

function bindAddress(binding: AddressBinding): Bound {
  if (typeof binding === "object") return { kind: "choice", ...binding };
  return typeof binding === "bigint" ? { kind: "value", value: binding } : { kind: "dimension", name: binding };
}

function bindPort(binding: PortBinding): Bound {
  if (binding === "free") return { kind: "free" };
  if (typeof binding === "object") return { kind: "choice", first: BigInt(binding.first), last: BigInt(binding.last) };
  return binding === "port" ? { kind: "dimension", name: "port" } : { kind: "value", value: BigInt(binding) };
}
