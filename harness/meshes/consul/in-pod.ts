import { isLoopback } from "../../model/pod.ts";
import type { PodFacts } from "../mesh.ts";

/** Says whether a server has one of the pod's own addresses. */
export function isInPod(address: string, own: PodFacts["own"]): boolean {
  return isLoopback(address) || address === own[4] || address === own[6];
}
