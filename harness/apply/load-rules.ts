import { LandfallError } from "../errors.ts";
import { runCommand } from "./process.ts";

/** A program that takes rules as its standard input, and what an error calls it. */
interface Loader {
  readonly command: string;
  readonly name: string;
  readonly options: readonly string[];
}

/** Gives rules to a program such as `nft -f -`. Throws `environment` with the program's own words and the rules, where it fails. */
export function loadRules({ command, name, options }: Loader, text: string): void {
  const { status, stderr } = runCommand(command, options, text);
  if (status === 0) return;
  const words = stderr.trim() || `it exited with ${status}`;
  const outcome = status === "killed" ? "did not finish by itself" : "rejected the rules";
  throw new LandfallError("environment", `${name} ${outcome}: ${words}. The rules were:\n${text}`);
}
