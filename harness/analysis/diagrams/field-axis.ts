import type { Axis } from "../flows/axis.ts";
import type { FlowSpace } from "../flows/flow-space.ts";
import type { Field } from "./axis-ranges.ts";

/** Gives the axis on which the values of a field lie. */
export function axisOfField(field: Field, space: FlowSpace): Axis {
  if (field === "source" || field === "destination") return space.addresses;
  return field === "uid" || field === "gid" ? space.ids : space.ports;
}
