import { fstatSync } from "node:fs";

/** `FIONREAD` of ioctl(2), the same on x86 and arm. */
const FIONREAD = 0x541b;

/** The commands that take rules, and what makes each read them from standard input. */
const READERS: Readonly<Record<string, string>> = {
  verify: "--rules -",
  explain: "--rules -",
  map: "--rules -",
  prove: "--rules -",
  mutate: "--rules -",
  translate: "a - in place of a file's name",
  diff: "a - in place of a file's name",
};

/**
 * Says that a pipe on standard input holds text which the command, now at its end, has left unread; null where it holds none, and where the
 * command takes no rules. Waits for nothing: a pipe that is merely open, as in many CI systems, is none to speak of.
 */
export async function describeUnreadInput(command: string | undefined): Promise<string | null> {
  const remedy = command !== undefined && Object.hasOwn(READERS, command) ? READERS[command] : undefined;
  if (remedy === undefined || !(await hasUnreadText())) return null;
  return `landfall: there is unread text on standard input; ${remedy} makes ${command} read rules from it.\n`;
}

/** The pipe may be the caller's, with text for others: it is asked how much it holds (FIONREAD, pipe(7)), and nothing is read. */
async function hasUnreadText(): Promise<boolean> {
  try {
    if (!fstatSync(0).isFIFO()) return false;
    const { default: koffi } = await import("koffi");
    const ioctl = koffi.load(null).func("int ioctl(int fd, ulong request, ...)");
    const held = Buffer.alloc(4);
    return ioctl(0, FIONREAD, "int *", held) === 0 && held.readInt32LE() > 0;
  } catch {
    return false;
  }
}
