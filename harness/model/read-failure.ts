/** What a person does about the failures that are theirs, by Node's code; the others are told as Node does. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file.",
  ENOTDIR: "There is no such file: a part of the path is not a directory.",
  EISDIR: "This is a directory; name a file in it.",
  EACCES: "Permission denied: you may not read this file.",
  EPERM: "Permission denied: you may not read this file.",
};

/** Gives what a finding says of a file that cannot be read, from the error of `node:fs`: `There is no such file.` */
export function describeReadFailure(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return CAUSES[code] ?? `The file cannot be read: ${message}.`;
}
