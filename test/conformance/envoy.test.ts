import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { meetsExpectation } from "../../harness/model/expectation.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import type { Scenario } from "../../harness/model/scenario.ts";
import { describeLanding } from "../../harness/report/landing-phrase.ts";
import { type BoundScenario, bindScenario } from "../../harness/run/scenario/bound-scenario.ts";
import { type ParsedScenario, parseScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { DEFAULT_SANDBOX_OPTIONS, openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { CASES, renderTable } from "./cases.ts";

const SEED = ["-p", "15001", "-z", "15006", "-u", "1337", "-i", "*", "-b", "*", "-d", "15020"];

/** What the seed's rules do to inbound and outbound traffic, less the proxy's own; then what becomes of what the proxy dials. */
function behindProxy(...filter: readonly string[]): string {
  const nat = [
    "-A PREROUTING -p tcp -j REDIRECT --to-ports 15006",
    "-A OUTPUT -p tcp ! -o lo -m owner ! --uid-owner 1337 -j REDIRECT --to-ports 15001",
  ];
  return renderTable("nat", ...nat) + renderTable("filter", ...filter);
}

/** Ends that flows can come to only behind the proxy. */
const ENDS: readonly Scenario[] = [
  {
    name: "nobody-listens",
    claim: "Behind the proxy a port that nobody listens on refuses.",
    capture: SEED,
    forward: {
      "client -> pod:81": "refused via envoy-inbound",
      "app -> pod:81": "refused via envoy-inbound",
    },
  },
  {
    name: "nobody-listens-ipv6",
    claim: "It does over IPv6 too.",
    capture: SEED,
    pod: "ipv6",
    forward: {
      "client6 -> pod6:81": "refused via envoy-inbound",
      "client6 -> pod6:8080": "app:8080 via envoy-inbound from ::6",
    },
  },
  {
    name: "proxy-filtered",
    claim: "What rules drop or reject of the proxy's own traffic has timed out or is refused behind the proxy.",
    capture: SEED,
    rules: {
      ip: behindProxy(
        "-A OUTPUT -p tcp -m tcp --dport 90 -m owner --uid-owner 1337 -j DROP",
        "-A INPUT -i lo -p tcp -m tcp --dport 8080 -j REJECT --reject-with tcp-reset",
      ),
    },
    forward: {
      "app -> upstream:90": "timed-out via envoy-outbound",
      "app -> upstream:80": "upstream:80 via envoy-outbound",
      "client -> pod:8080": "refused via envoy-inbound",
    },
  },
  {
    name: "from-its-peer",
    claim: "ztunnel dials the app from its client's address, and the app's answers come back to it.",
    mesh: "istio-ambient",
    capture: ["--ambient-ipv6"],
    forward: {
      "client -> pod:8080": "app:8080 via envoy-inbound from 10.244.0.3",
      "upstream6 -> pod6:8080": "app:8080 via envoy-inbound from fd00:244::4",
    },
  },
  {
    name: "loop-in-both-families",
    claim: "A loop is found in either family, and flows after it land as if there had been none.",
    capture: SEED,
    rules: {
      ip: renderTable("nat", "-A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001"),
      ip6: renderTable("nat", "-A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15006"),
    },
    forward: {
      "app -> upstream:80": "loop via envoy-outbound,envoy-outbound",
      "app6 -> upstream6:80": "loop via envoy-inbound,envoy-inbound",
      "root -> 10.96.0.1:80": "loop",
      "app -> upstream:81": "upstream:81",
    },
  },
];

/** Capture configs, as Istio's flags, whose demands a flow through the proxy must meet. */
const FLAGS: readonly (readonly string[])[] = [
  SEED,
  ["-m", "TPROXY", "-u", "1337", "-b", "*", "-i", "*"],
  ["-m", "TPROXY", "-u", "1337", "-b", "80,8080", "-i", "*"],
  ["-u", "1337", "-b", "80,8000:8100", "-i", "10.96.0.0/16", "-o", "443"],
  ["-p", "15101", "-z", "15106", "-u", "2000", "-g", "2001", "-b", "*", "-i", "*"],
  ["-p", "15001", "-z", "15001", "-u", "1337", "-b", "*", "-i", "*"],
  ["-k", "vm0", "-u", "1337", "-b", "*", "-i", "*"],
];

function parse(scenario: Scenario): ParsedScenario {
  const parsed = parseScenario(scenario, scenario.name);
  if (!parsed.ok) throw new RangeError(parsed.findings.map(({ where, message }) => `${where}: ${message}`).join("\n"));
  return parsed.value;
}

function parseFlags(capture: readonly string[]): ParsedScenario {
  const scenario = {
    name: capture.join(" "),
    claim: "",
    capture,
    forward: { "app -> upstream:80": "refused" },
  };
  return { ...parse(scenario as Scenario), flows: "boundaries" };
}

/** Drives what the proxy forwards; gives the flows that landed elsewhere, in words. */
async function driveForwarded(bound: BoundScenario, sandbox: Sandbox): Promise<readonly string[]> {
  const forwarded = bound.flows.filter(({ manner }) => manner === "forward");
  expect(forwarded.length).toBeGreaterThan(0);
  await sandbox.enter(bound.spec);
  await sandbox.install(bound.installation);
  try {
    const seen = await sandbox.drive(forwarded);
    return forwarded.flatMap(({ flow, expected }, i) => {
      const landing = seen[i]?.landing;
      if (landing && meetsExpectation(expected, landing)) return [];
      return [
        `${renderFlowText(flow.spec)}: ${landing ? `${describeLanding(landing)} ${landing.cause ?? ""}` : "nothing"}`,
      ];
    });
  } finally {
    await sandbox.clear();
  }
}

describe.each(["stub", "real"] as const)("with the %s Envoy, what the proxy forwards", (envoy) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox("netns", { ...DEFAULT_SANDBOX_OPTIONS, envoy });
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  test.each([...ENDS, ...CASES].filter(({ forward }) => forward))("$name: $claim", async (scenario) => {
    expect(await driveForwarded(bindScenario(parse(scenario), sandbox.addresses), sandbox)).toEqual([]);
  });

  test.each(FLAGS.map((flags) => [flags.join(" "), flags] as const))("lands where %s demands", async (_, flags) => {
    expect(await driveForwarded(bindScenario(parseFlags(flags), sandbox.addresses), sandbox)).toEqual([]);
  });

  test("is reported with the kind of Envoy that forwarded it", async () => {
    expect((await sandbox.describe()).envoy).toBe(envoy);
  });
});
