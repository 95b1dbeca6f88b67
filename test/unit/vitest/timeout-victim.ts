import { test as base, expect, seedRules } from "../../../harness/vitest/index.ts";

/** Run by timed-out.test.ts in a vitest of its own: the second test must time out, and goes on afterwards while nobody awaits it. */
const test = base.override("backend", "netns" as const);
const SILENT = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -j DROP\nCOMMIT\n";

// vitest counts the sandbox's start to the test that first asks for it: that must not be the one with little time.
test("starts the sandbox", async ({ pod }) => {
  await expect(pod.flow("client -> pod:8080")).toLandOn("app:8080");
});

test("is timed out in the middle of its flows", { timeout: 1_000 }, async ({ pod }) => {
  const flows = Array.from({ length: 5 }, () => pod.flow("client -> pod:8080"));
  for (;;) {
    await pod.apply(SILENT);
    await Promise.all(flows.map((flow) => expect(flow).toLandOn("timed-out")));
  }
});

for (const round of [1, 2, 3])
  test(`comes next and has the pod to itself, ${round}`, async ({ pod }) => {
    await expect(pod.flow("client -> pod:8080")).toLandOn("app:8080");
    await pod.apply(seedRules);
    await expect(pod.flow("client -> pod:8080")).toLandOn("envoy-inbound:15006");
  });
