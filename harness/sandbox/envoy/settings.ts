import type { ListenerShape, PodShape } from "../../model/pod-shape.ts";

/** What a real Envoy's configuration depends on: while this stays the same, one Envoy does for scenario after scenario. */
export interface EnvoySettings extends Pick<PodShape, "passThrough"> {
  /** The listeners of the pod that dial on for what they take. */
  readonly listeners: readonly ListenerShape[];
  /** The pod's addresses, canonical text; the loopback ones are added. */
  readonly podAddresses: readonly string[];
  /** The mark of every socket from which the proxy dials; 0 for none. */
  readonly mark: number;
  /** How long a connection onward may take to be made. */
  readonly connectTimeoutMs: number;
}
