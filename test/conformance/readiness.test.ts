import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import seed from "../../scenarios/seed.ts";
import { bindCase } from "./cases.ts";

const PORTS = [22, 8080, 9090, 15001, 15006, 15020];
/** Ports of the peers: what the seed scenario dials on them, and one that nobody dials. */
const PEER_PORTS = [80, 81, 15020];
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openSandbox("netns");
});
afterAll(() => sandbox[Symbol.asyncDispose]());

/** Gives those of the ports that take a connection which root makes in the pod. */
function portsInUse(host: string, ports: readonly number[] = PORTS): readonly number[] {
  const [program = "", ...hint] = (sandbox.shellHint() ?? "").split(" ");
  const look = [process.execPath, join(import.meta.dirname, "ports-in-use.ts"), host, ...ports.map(String)];
  return JSON.parse(execFileSync(program, [...hint, ...look], { encoding: "utf8" }));
}

describe("a readiness check that connects from inside the pod", () => {
  test("finds exactly the listeners that the agent reports, while no rules are loaded", async () => {
    await sandbox.enter(bindCase(seed, sandbox.addresses).spec);
    expect(portsInUse(sandbox.addresses.pod[4])).toEqual([22, 8080, 15001, 15006, 15020]);
    expect(portsInUse(sandbox.addresses.pod[6])).toEqual([22, 8080, 15001, 15006, 15020]);
    expect(portsInUse(sandbox.addresses.upstream[4], PEER_PORTS)).toEqual([80, 15020]);
    expect(portsInUse(sandbox.addresses.upstream[6], PEER_PORTS)).toEqual([80, 15020]);
  });

  test("finds every port of the pod open once the rules are loaded, so it proves nothing then", async () => {
    await sandbox.install(bindCase(seed, sandbox.addresses).installation);
    expect(portsInUse(sandbox.addresses.pod[4])).toEqual(PORTS);
    expect(portsInUse("127.0.0.1")).toEqual([22, 8080, 15001, 15006, 15020]);
  });
});
