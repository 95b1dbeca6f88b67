import { spawnSync } from "node:child_process";
import { quoteForShell } from "../model/shell-words.ts";
import { type CommandResult, runCommand, TIMEOUT_MS } from "./process.ts";

/** A command that looks at something and changes nothing, and its standard input. */
export interface Question {
  readonly command: string;
  readonly args: readonly string[];
  readonly input?: string;
}

/** Asks a question, and gives how its command ended. */
export type Look = (question: Question) => CommandResult;

/** Each command prints into a descriptor of its own; a POSIX shell need not know any above 9. */
const FIRST_OUTPUT = 3;
const LAST_OUTPUT = 9;
/** A line that no input has. */
const END_OF_INPUT = "END-OF-INPUT";

/** Asks a question when it comes, in a process of its own. */
export const lookNow: Look = ({ command, args, input }) => runCommand(command, args, input);

/**
 * Asks questions at once, and gives a look that knows their answers as of now; any other it asks when it comes:
 * `lookAtOnce([addresses, rules])(rules)`. One shell starts all the commands, which costs this process less than to start two itself.
 *
 * Only what succeeded is known. A command that failed is started again when it is asked, alone, and tells why; so is each where there is no
 * shell.
 */
export function lookAtOnce(questions: readonly Question[]): Look {
  const asked = questions.slice(0, LAST_OUTPUT - FIRST_OUTPUT + 1);
  const { output, stdout } = spawnSync("sh", ["-c", [...asked.map(renderQuestion), "wait"].join("\n")], {
    stdio: ["ignore", "pipe", "ignore", ...asked.map(() => "pipe" as const)],
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  const succeeded = new Set((stdout ?? "").split("\n"));
  const known = asked.flatMap((question, i): readonly [string, string][] =>
    succeeded.has(String(i)) ? [[keyOf(question), String(output[FIRST_OUTPUT + i])]] : [],
  );
  const answers = new Map(known);
  return (question) => {
    const answer = answers.get(keyOf(question));
    return answer === undefined ? lookNow(question) : { status: 0, stdout: answer, stderr: "" };
  };
}

/** Gives a line of shell that runs a command beside the others, and prints its place among them where it succeeds. */
function renderQuestion({ command, args, input }: Question, place: number): string {
  const words = [command, ...args].map(quoteForShell).join(" ");
  const [from, text] = input === undefined ? ["</dev/null", ""] : [`<<'${END_OF_INPUT}'`, `\n${input}${END_OF_INPUT}`];
  return `{ ${words} ${from} >&${FIRST_OUTPUT + place} && echo ${place}; } &${text}`;
}

function keyOf({ command, args, input }: Question): string {
  return JSON.stringify([command, args, input]);
}
