import { describe } from "vitest";
import type { BackendChoice } from "../../../harness/model/backends.ts";
import { expect, seedRules, test } from "../../../harness/vitest/index.ts";

const PASS_ALL = "*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
const TO_STUB = "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001\nCOMMIT\n";

/** What the type checker would refuse where it stands. */
const misspelt = (text: string): string => text;

const onNetns = test.extend("backend", { scope: "file" }, (): BackendChoice => "netns");
const onSimulated = test.extend("backend", { scope: "file" }, (): BackendChoice => "simulated");

describe.each([
  ["netns", onNetns],
  ["simulated", onSimulated],
] as const)("a pod in a test, on %s", (_, on) => {
  on("lands a flow where the seed command's rules say", async ({ pod }) => {
    await pod.apply(seedRules);
    await expect(pod.flow("envoy -> upstream:80")).toLandOn("upstream:80");
    await expect(pod.flow("app -> upstream:80")).toLandOn("envoy-outbound:15001");
  });

  on("has no rules before some are applied", async ({ pod }) => {
    await expect(pod.flow("client -> pod:8080")).toLandOn("app:8080");
    await expect(pod.flow("client -> pod:15020")).toLandOn("status:15020");
  });

  on("takes the rules that are applied in place of those that were in", async ({ pod }) => {
    await pod.apply(TO_STUB);
    await expect(pod.flow("app -> upstream:80")).toLandOn("envoy-outbound");
    await pod.apply(PASS_ALL);
    await expect(pod.flow("app -> upstream:80")).toLandOn("upstream");
  });

  on("forwards as Envoy does where it is asked to", async ({ pod }) => {
    await pod.apply(["-u", "2002", "-b", "*", "-i", "*"]);
    const flow = pod.flow("client -> pod:8080", { manner: "forward" });
    await expect(flow).toLandOn("app:8080 via envoy-inbound from 127.0.0.6");
    await expect(pod.flow("uid=2002,gid=1 -> 10.96.0.1:443")).toLandOn("upstream");
  });

  on("lets the app listen where a test says", async ({ pod }) => {
    await expect(pod.flow("client -> pod:7777")).toLandOn("refused");
    pod.listen(7777);
    await expect(pod.flow("client -> pod:7777")).toLandOn("app");
  });

  on("drives flows that are asked for at once", async ({ pod }) => {
    await pod.apply(seedRules);
    const ports = [81, 82, 83, 84];
    await Promise.all(ports.map((port) => expect(pod.flow(`app -> upstream:${port}`)).toLandOn("envoy-outbound")));
  });

  on("tells where a flow landed instead, and by which rules", async ({ pod }) => {
    await pod.apply(TO_STUB);
    const failure = expect(pod.flow("app -> upstream:80")).toLandOn("upstream:80");
    await expect(failure).rejects.toThrow(
      /expected {2}upstream:80\n {2}(?:got {7}|predicted )envoy-outbound:15001, dialled 10\.244\.0\.4:80.*\n {2}rule {6}nat OUTPUT 1: -A OUTPUT/,
    );
    await expect(pod.flow("app -> upstream:80")).not.toLandOn("upstream:80");
  });

  on("refuses what cannot be read, with every finding", async ({ pod }) => {
    await expect(pod.apply(["-p", "0", "-z", "x"])).rejects.toThrow(/-p: .*\n-z: /);
    await expect(expect(pod.flow(misspelt("nobody -> pod:0"))).toLandOn("app")).rejects.toThrow(
      /not an actor[\s\S]*not a port/,
    );
    await expect(expect(pod.flow("client -> pod:80")).toLandOn(misspelt("ap"))).rejects.toThrow(
      /"ap" is not a valid landing/,
    );
  });

  on("points at the line of the test that has a typo, and at none of landfall's", async ({ pod }) => {
    const mistakes = [
      () => pod.apply(["-p", "0"]),
      () => expect(pod.flow(misspelt("client -> pob:80"))).toLandOn("app"),
      () => expect(pod.flow("client -> pod:80")).toLandOn(misspelt("ap")),
      () => expect(pod.flow("app@10.99.99.99 -> upstream:80")).toLandOn("app"),
    ];
    for (const make of mistakes) {
      const { stack } = await make().then(
        () => Promise.reject(new RangeError("it passes")),
        (error: Error) => error,
      );
      const lines = stack?.split("\n").filter((line) => /^\s+at (?!.*node_modules)/.test(line));
      expect(lines?.[0]).toMatch(/pod\.test\.ts(\?vitest=\d+)?:\d+:\d+/);
      expect(stack).not.toContain("/harness/");
    }
  });

  on("never takes for a landing, or for its absence, what could not be observed", async ({ pod }) => {
    const blind = pod.flow("app@10.99.99.99 -> upstream:80");
    await expect(expect(blind).toLandOn("upstream:80")).rejects.toThrow(/could-not-look/);
    await expect(expect(blind).not.toLandOn("upstream:80")).rejects.toThrow(/could-not-look/);
  });
});
