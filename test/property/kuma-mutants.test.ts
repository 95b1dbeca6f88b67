import { describe, expect, test } from "vitest";
import { boundaryFlows } from "../../harness/contract/boundary-flows.ts";
import { type Demands, demandedLanding } from "../../harness/contract/demanded-landing.ts";
import { kuma } from "../../harness/meshes/kuma/mesh.ts";
import type { Expectation } from "../../harness/model/expectation.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { NO_LOOKUPS } from "../../harness/model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { readTyped, type TypedInput } from "../typed-input.ts";
import { agreeBy, findHoles } from "./mutant-holes.ts";

interface Config {
  readonly words?: readonly string[];
  readonly yaml?: string;
}

const CONFIGS: readonly (readonly [name: string, config: Config])[] = [
  ["the injected default", {}],
  ["lists of ports", { words: ["--exclude-inbound-ports", "22,9000", "--exclude-outbound-ports", "443"] }],
  [
    "included ports",
    { yaml: "redirect: { inbound: { includePorts: [80, 8080] }, outbound: { includePorts: [443] } }" },
  ],
  [
    "uids and networks",
    {
      words: [
        ...["--exclude-outbound-ports-for-uids", "tcp:3306,8000-8100:2000-2002"],
        ...["--exclude-outbound-ips", "10.96.8.0/24,2001:db8::/32", "--exclude-inbound-ips", "10.244.0.4"],
      ],
    },
  ],
  [
    "jumps at the top, IPv4 alone, all DNS",
    {
      words: [
        ...["--redirect-outbound-insert-instead-of-append", "--redirect-inbound-insert-instead-of-append"],
        ...["--ip-family-mode", "ipv4", "--redirect-all-dns-traffic", "--drop-invalid-packets"],
      ],
    },
  ],
  ["DNS", { words: ["--redirect-dns"] }],
  ["no inbound", { words: ["--redirect-inbound=false", "--kuma-dp-user", "2000"] }],
  ["no outbound", { yaml: "redirect: { outbound: { enabled: false } }" }],
  ["a virtual network", { words: ["--vnet", "vm0:10.96.0.0/16", "--vnet", "vm0:fd00:96::/64"] }],
];

function inputOf({ words = [], yaml }: Config): TypedInput {
  return {
    words,
    environment: {},
    files: [],
    config: yaml === undefined ? null : { path: "config.yaml", text: yaml },
    names: NO_LOOKUPS,
    pod: {
      addresses: Object.values(DEFAULT_ADDRESSES.pod),
      own: DEFAULT_ADDRESSES.pod,
      resolvers: ["10.96.0.10", "fd00:96::a"],
    },
  };
}

const DNS_PORT = 53;

/** Everything about one configuration that the tests below ask. */
function prepare(config: Config) {
  const input = inputOf(config);
  const parsed = readTyped(kuma, input);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const { settings } = parsed.value;
  const shape = kuma.shape(settings, input.pod);
  const demanding: Demands = {
    contract: kuma.contract(settings, input.pod),
    shape,
    addresses: DEFAULT_ADDRESSES,
    // Where INVALID packets are dropped a datagram that nobody takes is not refused: its ICMP error is in no zone.
    peers: { listen: [DNS_PORT], upstreamPorts: [], clientPorts: [], upstreamAddresses: [] },
  };
  const flows = boundaryFlows(demanding);
  const spec = makePodSpec(
    { shape },
    flows.map(({ flow }) => flow),
    [DNS_PORT],
    DEFAULT_ADDRESSES,
  );
  const demands = flows
    .filter(({ manner }) => manner === "answer")
    .flatMap(({ flow, manner }) => {
      const demanded = demandedLanding(flow, manner, { ...demanding, peers: spec });
      return demanded ? [{ flow, manner, demanded: demanded.landing }] : [];
    });
  return { rules: kuma.generate(settings, input.pod), spec, demands };
}

/** The simulator's pod knows Envoy's two listeners alone, so that names of listeners cannot be compared. */
function keyOf({ kind, host, port }: Expectation): string {
  return [kind, host, port].join(" ");
}

const agree = agreeBy(keyOf);

describe("Kuma's rules land every boundary flow of its contract where the contract demands:", () => {
  test.each(CONFIGS)("%s", (_name, config) => {
    const { rules, spec, demands } = prepare(config);
    const simulator = compilePod(rules, spec, DEFAULT_ADDRESSES);
    const wrong = demands.flatMap(({ flow, manner, demanded }) => {
      const landed = simulator.land(flow, manner);
      return agree(demanded, landed)
        ? []
        : [`${renderFlowText(flow.spec)}: ${keyOf(landed)}, demanded ${keyOf(demanded)}`];
    });
    expect(wrong).toEqual([]);
    expect(demands.length).toBeGreaterThan(100);
  });
});

describe("the flows at the boundaries of Kuma's contract catch every mutant of its rules:", () => {
  test.each(CONFIGS)(
    "%s",
    (_name, config) => {
      const { rules, spec, demands } = prepare(config);
      expect(findHoles({ rules, spec, flows: demands, agree })).toEqual([]);
    },
    120_000,
  );
});
