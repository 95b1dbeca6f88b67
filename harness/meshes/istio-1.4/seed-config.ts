import { NO_LOOKUPS } from "../../model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
import { parseCapture } from "./capture.ts";
import type { CaptureConfig } from "./config.ts";
import { SEED_WORDS } from "./seed.ts";

/** Gives the seed command's config, for an IPv4 pod in the default addresses. */
export function seedConfig(): CaptureConfig {
  const podIps = [DEFAULT_ADDRESSES.pod[4]];
  const parsed = parseCapture({ words: SEED_WORDS, environment: {}, files: [], names: NO_LOOKUPS, podIps });
  if (!parsed.ok) throw new RangeError(parsed.findings.map(({ message }) => message).join(" "));
  return parsed.value.config;
}
