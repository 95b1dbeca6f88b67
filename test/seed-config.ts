import { parseCapture } from "../harness/meshes/istio-1.4/capture.ts";
import type { CaptureConfig } from "../harness/meshes/istio-1.4/config.ts";
import { SEED_WORDS } from "../harness/meshes/istio-1.4/seed.ts";
import { NO_LOOKUPS } from "../harness/model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../harness/model/pod.ts";

/** Gives the seed command's config, for an IPv4 pod in the default addresses. */
export function seedConfig(): CaptureConfig {
  const podIps = [DEFAULT_ADDRESSES.pod[4]];
  const parsed = parseCapture({ words: SEED_WORDS, environment: {}, files: [], names: NO_LOOKUPS, podIps });
  if (!parsed.ok) throw new RangeError(parsed.findings.map(({ message }) => message).join(" "));
  return parsed.value.config;
}
