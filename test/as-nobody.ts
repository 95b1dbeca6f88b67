import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
/** Where a checkout stands for those who cannot enter its folder; every Debian has it (hier(7)). */
const PLACE = "/mnt";

/** Gives a text with the checkout's place in it as {@link asNobody} has it. */
export function place(text: string): string {
  return text.replaceAll(ROOT, PLACE);
}

/**
 * Gives words that run a program as an ordinary user, in a mount namespace of its own where the checkout is bound to a place that everybody
 * can enter: a clone may stand in root's home, which nobody else can.
 */
export function asNobody(words: readonly string[], rights: readonly string[] = []): readonly string[] {
  const bind = `mount --bind "$0" ${PLACE}; cd ${PLACE}; exec setpriv "$@"`;
  const user = [...rights, "--reuid=65534", "--regid=65534", "--clear-groups"];
  return ["unshare", "--mount", "sh", "-ec", bind, ROOT, ...user, ...words.map(place)];
}
