import type { NamedMesh } from "../harness/meshes/meshes.ts";
import type { Family } from "../harness/model/address.ts";
import type { Capture } from "../harness/model/capture.ts";
import { NO_LOOKUPS } from "../harness/model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../harness/model/pod.ts";
import { cutInput } from "./typed-input.ts";

const own = DEFAULT_ADDRESSES.pod;
const PODS: Readonly<Record<Family, readonly string[]>> = { 4: [own[4]], 6: [own[4], own[6]] };
const SERVERS = ["10.96.0.10"];

/** Gives what a mesh's injector sets, for a pod with an IPv4 address, and for family 6 with an IPv6 address after it. */
export function bindInjected(mesh: NamedMesh, family: Family): Capture {
  const pod = { addresses: PODS[family], own, resolvers: SERVERS };
  const input = { ...mesh.injected, environment: {}, files: [], names: NO_LOOKUPS, pod };
  const bound = mesh.bind(cutInput(mesh, input), DEFAULT_ADDRESSES);
  if (!bound.ok) throw new Error(`${mesh.name}: ${JSON.stringify(bound.findings)}`);
  return bound.value.capture;
}
