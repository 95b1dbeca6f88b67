import type { MeshInput } from "../mesh.ts";
import { readCutCapture } from "./capture.ts";
import type { Origin } from "./given.ts";
import { CAPTURE_FLAGS } from "./options.ts";
import { SEED_COMMAND, SEED_WORDS } from "./seed.ts";

/**
 * Says in a sentence which settings a command uses where no flag was typed: the seed command's, and which variables these outweigh; or
 * Istio's own defaults, and which variables change them.
 */
export function describeDefaultConfig({ environment, files, names, pod }: MeshInput, isSeed: boolean): string {
  const parsed = readCutCapture({ tokens: [], environment, files, names, podIps: pod.addresses });
  const origins = parsed.ok ? parsed.value.origins : null;
  const given = CAPTURE_FLAGS.flatMap(({ setting, letter }) => {
    const place = origins === null ? null : placeOf(origins[setting]);
    return place === null ? [] : [{ place, isOutweighed: isSeed && SEED_WORDS.includes(`-${letter}`) }];
  });
  const list = (isOutweighed: boolean) =>
    given
      .filter((one) => one.isOutweighed === isOutweighed)
      .map(({ place }) => place)
      .join(", ");
  const heeded = list(false) === "" ? "" : `, and the values of ${list(false)}`;
  const outweighed = list(true) === "" ? "" : ` They outweigh ${list(true)}.`;
  return isSeed
    ? `no flag is given; landfall uses the settings of Istio 1.4's seed command (--mesh istio-1.4): ${SEED_COMMAND}${heeded}.${outweighed}`
    : `no flag is given; landfall uses Istio 1.4's own defaults, which capture nothing${heeded}. (Without flags, verify, prove, map, explain and mutate use the seed command.)`;
}

function placeOf(origin: Origin): string | null {
  if (origin.kind === "variable") return origin.variable;
  return origin.kind === "file" ? `${origin.variable} of ${origin.path}` : null;
}
