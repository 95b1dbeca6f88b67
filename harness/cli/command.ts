import type { NamedMesh } from "../meshes/meshes.ts";
import { escapeInvisible } from "../model/visible-text.ts";
import type { CommandHelp } from "./commands/help.ts";

/**
 * Writes a text. What a terminal would obey is written visibly, whoever it is from; only a text that says it is `styled`, in which landfall
 * has escaped everything that is not its own, keeps its colours and its cursor movements.
 */
export type Print = (text: string, kind?: "styled") => void;

/** Gives the one way to a stream: what is not landfall's own cannot steer a terminal. `write` gets the text as it may be shown. */
export function printTo(write: (text: string) => void): Print {
  return (text, kind) => write(kind === "styled" ? text : escapeInvisible(text));
}

/** What a command may touch of the outside; handed in, so that a test can look at everything a command says. */
export interface CommandIo {
  /** Writes data: what the command was asked for, and nothing else. */
  readonly out: Print;
  /** Writes everything that is not data: progress, warnings, errors. */
  readonly err: Print;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** How stdout shows: width in columns, whether it is a terminal, whether colour is wanted. */
  readonly display: Display;
}

/** How a stream shows text to a person: its width in columns, and whether it has colours. */
export interface Display {
  /** Its width; null where nobody knows. */
  readonly columns: number | null;
  readonly isTerminal: boolean;
  readonly color: boolean;
  /** Whether a line on stderr can be written over: it is a terminal. */
  readonly progress: "rewritten" | "appended";
}

/** What a command gives whose words ask for its help text. */
export interface AskedHelp {
  /** The mesh whose options the text lists. */
  readonly helpOn: NamedMesh;
}

/** A command of the command line: one file in `commands`, named as typed, with one line in `commands.ts`. */
export interface Command {
  readonly help: CommandHelp;
  /**
   * Runs it; `args` is what stands behind the command's name. Gives the exit code, or what help the words ask for; throws a LandfallError.
   */
  run(args: readonly string[], io: CommandIo): Promise<number | AskedHelp>;
}
