import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderRuleLines } from "../../harness/formats/list.ts";
import { renderRoutingTexts } from "../../harness/formats/routing-texts.ts";
import { parseCapture } from "../../harness/meshes/istio-1.4/capture.ts";
import { generateRules } from "../../harness/meshes/istio-1.4/rules.ts";
import { renderAddress, renderNetwork } from "../../harness/model/address.ts";
import type { TableName } from "../../harness/model/iptables-tables.ts";
import type { PodRules, Ruleset } from "../../harness/model/ruleset.ts";
import { countRuns } from "../thoroughness.ts";
import { buildOnce, type KernelState, parseState, quoteWords, runInNamespace } from "../unit/apply/namespace-setup.ts";
import { NAMES } from "../unit/meshes/istio-1.4/capture-setup.ts";

buildOnce();

const RUNS = countRuns(2);

/** One call of the generator: its words, its variables, and the pod's addresses. */
interface Call {
  readonly words: readonly string[];
  readonly mark: string;
  readonly table: string;
  readonly podIps: readonly string[];
}

const port = fc.oneof(fc.integer({ min: 1, max: 65535 }), fc.constantFrom(1, 22, 80, 15001, 65535));
const ports = fc.array(
  fc.oneof(
    port.map(String),
    fc.tuple(port, port).map((ends) => ends.toSorted((a, b) => a - b).join(":")),
  ),
  { maxLength: 3 },
);
const id = fc.oneof(fc.integer({ min: 0, max: 70000 }), fc.constantFrom(0, 1337, 4294967294));
const ids = fc.array(
  fc.oneof(
    id.map(String),
    fc.tuple(id, id).map((ends) => ends.toSorted((a, b) => a - b).join("-")),
  ),
  { minLength: 1, maxLength: 3 },
);
const range = fc.oneof(
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), fc.integer({ min: 0, max: 32 }))
    .map(([value, length]) => `${renderAddress(4, value)}/${length}`),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.integer({ min: 0, max: 128 }))
    .map(([value, length]) => `${renderAddress(6, value)}/${length}`),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }))
    .map(([value, mask]) => renderNetwork({ family: 4, value: value & mask, mask })),
  fc.constantFrom("0.0.0.0/0", "::/0", "::ffff:1.2.3.4/128", "::1.2.3.4", "127.0.0.1", "::1"),
);
const ranges = fc.array(range, { maxLength: 3 });
const orStar = (list: fc.Arbitrary<readonly string[]>) => fc.oneof(list, fc.constant(["*"]));

const call: fc.Arbitrary<Call> = fc.record({
  words: fc
    .record({
      p: port.map((value) => [`${value}`]),
      z: port.map((value) => [`${value}`]),
      u: ids,
      g: fc.option(ids, { nil: [] }),
      m: fc.constantFrom(["REDIRECT"], ["TPROXY"]),
      b: orStar(ports),
      d: ports,
      i: orStar(ranges),
      x: ranges,
      o: ports,
      k: fc.subarray(["net1", "tap+", "eth0"]),
    })
    .map((flags) => Object.entries(flags).flatMap(([letter, list]) => [`-${letter}`, list.join(",")])),
  mark: fc.integer({ min: 1, max: 0xffffffff }).map((mark) => `0x${mark.toString(16)}`),
  table: fc.constantFrom("133", "77", "253", "4294967295"),
  podIps: fc.constantFrom(["10.0.0.5"], ["2001:db8::5"], ["2001:db8::5", "10.0.0.5"]),
});

/** What a call must leave in the kernel, as far as it is rules; chains are there if rules name them. */
function linesOf(ruleset: Ruleset | null, table: TableName): readonly string[] {
  return ruleset ? renderRuleLines(ruleset, table) : [];
}

function expectedOf({ words, mark, table, podIps }: Call): PodRules {
  const environment = { ISTIO_INBOUND_TPROXY_MARK: mark, ISTIO_INBOUND_TPROXY_ROUTE_TABLE: table };
  const parsed = parseCapture({ words, environment, files: [], names: NAMES, podIps });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return generateRules(parsed.value.config);
}

/** Checks that the kernel holds the rules of a call and none else, its policy routing and none else. */
function check(state: KernelState, call: Call): void {
  const { ip, ip6, policyRouting } = expectedOf(call);
  const { rules, routes, addresses } = renderRoutingTexts(policyRouting);
  const onlyRules = (lines: readonly string[]) => lines.filter((line) => line.startsWith("-A"));
  expect({
    nat: onlyRules(state.nat),
    mangle: onlyRules(state.mangle),
    ip6nat: onlyRules(state.ip6nat),
    ip6filter: onlyRules(state.ip6filter),
    rules: state.ipRule.map((line) => line.replace(/^\d+: from all /, "").replace("default", "253")),
    routes: state.ipRoute.map((line) => line.replace(" scope host", "").replace("table default", "table 253")),
    addresses: state.loAddr.length,
  }).toEqual({
    nat: linesOf(ip, "nat"),
    mangle: linesOf(ip, "mangle"),
    ip6nat: linesOf(ip6, "nat"),
    ip6filter: linesOf(ip6, "filter"),
    ...{ rules, routes, addresses: addresses.length },
  });
}

describe("apply, whatever was applied before", () => {
  test.each(["nft", "legacy"] as const)(
    "leaves exactly the rules of the last apply, and clean leaves none (%s)",
    async (variant) => {
      await fc.assert(
        fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 4 }), async (calls) => {
          const applied = calls.map(
            ({ words, mark, table, podIps }) =>
              `ISTIO_INBOUND_TPROXY_MARK=${mark} ISTIO_INBOUND_TPROXY_ROUTE_TABLE=${table} landfall apply ${quoteWords(words)} --pod-ip ${podIps} >/run/out; echo "code $?"; state`,
          );
          const { stdout } = await runInNamespace(`${applied.join("\n")}\nlandfall clean; state`, {
            variant,
            podIps: [],
          });
          const states = stdout
            .split(/(?==== state\n)/)
            .slice(1)
            .map(parseState);
          for (const [i, one] of calls.entries()) check(states[i] ?? ({} as KernelState), one);
          const left = Object.values(states.at(-1) ?? { none: ["no state"] }).flat();
          expect(left).toEqual([]);
        }),
        { numRuns: RUNS },
      );
    },
  );
});
