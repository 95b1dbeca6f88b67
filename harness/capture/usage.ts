import { CAPTURE_FLAGS, type CaptureFlag } from "./flags.ts";

/**
 * Gives the text of `-h`: each flag, its long name, its variable and its default. `command` stands in the first line.
 */
export function renderUsage(command: string): string {
  return `Usage: ${command} [FLAG…]

${CAPTURE_FLAGS.map(renderFlag).join("\n")}
  -t, --dry-run
        reads and checks everything, does nothing
  -h, --help
        shows this text

Lists are separated by commas. A flag beats /var/lib/istio/envoy/sidecar.env, that beats cluster.env beside it, that beats the
variable of the process, that beats the default. An empty list ('') beats a variable too.
`;
}

function renderFlag(flag: CaptureFlag): string {
  const letter = flag.letter === null ? "     " : ` -${flag.letter}, `;
  const variable = flag.variable === null ? "" : `, variable ${flag.variable}`;
  return ` ${letter}--${flag.name} ${flag.value}\n        ${flag.help} (default ${flag.default}${variable})`;
}
