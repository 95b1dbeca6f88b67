import { type BadInput, FOLDER, HOSTILE, PIPE, refuses, SIMULATED } from "./case.ts";

const NAT = "*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
const VERIFY = ["verify", "seed", ...SIMULATED];

const settings = (what: string, text: string) => [
  refuses(`sidecar settings ${what}`, ["generate", "--sidecar-env", "e"], { e: text }),
  refuses(`cluster settings ${what}`, ["generate", "--cluster-env", "e"], { e: text }),
];
const variable = (name: string, value: string) =>
  refuses(
    `the variable ${name} that is ${JSON.stringify(value)}`,
    ["generate"],
    {},
    { environment: { [name]: value } },
  );

/** Settings that are wrong, places that cannot be written to, and what this machine lacks. */
export const PLACE_CASES: readonly BadInput[] = [
  ...settings("of a word that is none", `ISTIO_INBOUND_PORTS='${HOSTILE}'\n`),
  ...settings("that are cut off", "ENVOY_PORT='1"),
  ...settings("of a port that is none", "ENVOY_PORT=http!\n"),
  ...settings("that run a program", "ENVOY_PORT=$(id -u)\n"),
  ...settings("of a range that is none", "ISTIO_SERVICE_CIDR=10.0.0.0/99\n"),
  ...settings("that are too long", "#".repeat(1_100_000)),
  ...["sidecar", "cluster"].flatMap((name) => [
    refuses(
      `${name} settings from a pipe`,
      ["generate", `--${name}-env`, "e"],
      { e: PIPE },
      { says: /nothing was written/ },
    ),
    refuses(`${name} settings that are a folder`, ["generate", `--${name}-env`, "e"], { e: FOLDER }),
    refuses(`${name} settings that are nowhere`, ["generate", `--${name}-env`, "e"]),
    refuses(`${name} settings from a device`, ["generate", `--${name}-env`, "/dev/zero"], {}, { says: /MiB/ }),
  ]),
  variable("ENVOY_PORT", HOSTILE),
  variable("ENVOY_PORT", "65536"),
  variable("ISTIO_INBOUND_PORTS", "80;90"),
  variable("ISTIO_LOCAL_EXCLUDE_PORTS", "x!"),
  variable("ISTIO_SERVICE_CIDR", "ten"),
  variable("ISTIO_INBOUND_INTERCEPTION_MODE", "SIDEWAYS"),
  variable("ISTIO_INBOUND_TPROXY_MARK", HOSTILE),

  refuses("to report into a pipe", [...VERIFY, "--report", "p.json"], { "p.json": PIPE }),
  refuses("to report into a folder", [...VERIFY, "--report", "p.json"], { "p.json": FOLDER }),
  refuses("to report below a file", [...VERIFY, "--report", "p/x.json"], { p: "" }),
  refuses("to report into nowhere", [...VERIFY, "--report", `n${HOSTILE}/p.json`]),
  refuses("to report in no known form", [...VERIFY, "--report", `p.${HOSTILE}`]),
  refuses("to report where nothing can be made", [...VERIFY, "--report", "/proc/x.json"]),
  refuses("to report under a name with NUL", [...VERIFY, "--report", "a\u0000.json"]),
  refuses("to report under a name that is too long", [...VERIFY, "--report", `${"x".repeat(400)}.json`]),
  refuses("to keep evidence in a file", [...VERIFY, "--evidence", "e"], { e: "" }),
  refuses("to keep evidence in a pipe", [...VERIFY, "--evidence", "e"], { e: PIPE }),
  refuses("to keep evidence where nothing can be made", [...VERIFY, "--evidence", "/proc/x"]),
  refuses("to write accepted changes into a pipe", ["diff", "a", "a", "--write-accept", "p"], { a: NAT, p: PIPE }),
  refuses("to write accepted changes into a folder", ["diff", "a", "a", "--write-accept", "p"], { a: NAT, p: FOLDER }),
  refuses("to write accepted changes nowhere", ["diff", "a", "a", "--write-accept", "n/p"], { a: NAT }),
  refuses("to join reports into a pipe", ["merge", "r", "--report", "p.xml"], { r: "{}", "p.xml": PIPE }),
  refuses("to begin where something is", ["init", "l"], { "l/first.mjs": "" }),
  refuses("to begin where a pipe is", ["init", "l"], { "l/first.mjs": PIPE }),
  refuses("to begin in a file", ["init", "l"], { l: "" }),
  refuses("to begin below a file", ["init", "l/m"], { l: "" }),
  refuses("to begin where nothing can be made", ["init", "/proc/x"]),
  refuses("to begin under a name with NUL", ["init", "a\u0000b"]),

  refuses("a sandbox whose program is missing", ["verify", "seed", "--sandbox", "netns"], {}, { code: 3 }),
  refuses("a sandbox whose engine is missing", ["verify", "seed", "--sandbox", "docker"], {}, { code: 3 }),
  refuses("any sandbox where there is none", ["verify", "seed", "--sandbox", "auto"], {}, { code: 3 }),
  refuses("to mutate where the program is missing", ["mutate", "seed"], {}, { code: 3 }),
  refuses("to inspect where the engine is missing", ["inspect", "pod"], {}, { code: 3 }),
];
