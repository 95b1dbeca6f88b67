import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** The commands that take rules, and what makes each read them from standard input. */
const READERS: Readonly<Record<string, string>> = {
  verify: "--rules -",
  explain: "--rules -",
  map: "--rules -",
  prove: "--rules -",
  mutate: "--rules -",
  diff: "a - in place of a file's name",
};

/**
 * Says that a pipe on standard input holds text which the command, now at its end, has left unread; null where it holds none, and where the
 * command takes no rules. Waits for nothing: a pipe that is merely open, as in many CI systems, is none to speak of.
 */
export function describeUnreadInput(command: string | undefined): string | null {
  const remedy = command !== undefined && Object.hasOwn(READERS, command) ? READERS[command] : undefined;
  if (remedy === undefined || !hasUnreadText()) return null;
  return `landfall: standard input holds text that was not read; ${remedy} makes ${command} read rules from it.\n`;
}

/** Opened anew, the pipe can be read without waiting and without a change to what others share (proc_pid_fd(5)). */
function hasUnreadText(): boolean {
  try {
    if (!fstatSync(0).isFIFO()) return false;
    const pipe = openSync("/proc/self/fd/0", constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readSync(pipe, Buffer.alloc(1)) > 0;
    } finally {
      closeSync(pipe);
    }
  } catch {
    return false;
  }
}
