import { describe, expect, test } from "vitest";
import golden from "../../golden/istio-1.4.json" with { type: "json" };
import { takeShare } from "../../thoroughness.ts";
import {
  buildOnce,
  type KernelState,
  parseState,
  quoteWords,
  runInNamespace,
  type Variant,
} from "./namespace-setup.ts";

buildOnce();

const UNTOUCHED: KernelState = {
  nat: [],
  mangle: [],
  filter: [],
  ip6nat: [],
  ip6mangle: [],
  ip6filter: [],
  ipRule: [],
  ip6Rule: [],
  ipRoute: [],
  loAddr: [],
};

/** Runs one recorded case in a namespace of its own, and checks the exit code and what the kernel has then. */
async function check(vector: (typeof golden.vectors)[number], variant: Variant): Promise<void> {
  const script = [
    ...(vector.setup ?? []),
    `landfall apply ${quoteWords(vector.args)} >/run/out; echo "code $?"`,
    "state",
  ];
  const environment = vector.env as Record<string, string>;
  const { stdout, stderr } = await runInNamespace(script.join("\n"), { variant, podIps: vector.podIps, environment });
  const code = Number(/^code (\d+)$/m.exec(stdout)?.[1]);
  expect({
    code,
    stderr: code === 2 ? "" : stderr.replace(/^landfall: (?:warning: |no flag is given; ).*\n/gm, ""),
    ...parseState(stdout),
  }).toEqual({
    code: vector.expect === "apply" ? 0 : 2,
    stderr: "",
    ...(vector.state ?? UNTOUCHED),
  });
}

describe.each(["nft", "legacy"] as const)("the recorded cases, applied with %s", (variant) => {
  for (const vector of takeShare(golden.vectors, 3)) {
    test.concurrent(`${vector.name}: ${vector.expect}`, () => check(vector, variant));
  }
});
