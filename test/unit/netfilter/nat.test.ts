import { expect, test } from "vitest";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { flowOf, rulesOf, SPEC } from "./setup.ts";

function findSource(rules: readonly string[], flow: string): string | null {
  return compilePod(rulesOf(rules), SPEC, DEFAULT_ADDRESSES).land(flowOf(flow), "answer").source;
}

const SNAT = "-p tcp -j SNAT --to-source 10.244.0.99";

test("the source of a connection on loopback is asked about at postrouting, and not once more at input", () => {
  expect(findSource(["nat", `4 -A INPUT ${SNAT}`], "app -> localhost:8080")).toMatch(/^127\.0\.0\.1:/);
  expect(findSource(["nat", `4 -A INPUT ${SNAT}`], "client -> pod:8080")).toMatch(/^10\.244\.0\.99:/);
});
