import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { makeLanding } from "../../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { AgentSandbox } from "../../../harness/sandbox/agents/agent-sandbox.ts";
import { type NetnsWorld, startNetnsWorld } from "../../../harness/sandbox/netns/world.ts";
import { NO_ROUTING_TEXT } from "../../../harness/sandbox/pod/routing-text.ts";
import { SHAPE, shapeOf } from "../../istio-pod.ts";
import { makeFlow, USUAL_SPEC } from "./sandbox-setup.ts";

describe("a world of network namespaces", () => {
  let world: NetnsWorld;
  let sandbox: AgentSandbox;
  const folder = mkdtempSync(join(tmpdir(), "landfall-netns-"));

  beforeAll(async () => {
    world = await startNetnsWorld();
    sandbox = new AgentSandbox(world);
    await sandbox.enter(USUAL_SPEC);
  });
  afterAll(async () => {
    await sandbox[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function landingsOf(...flows: readonly string[]): Promise<readonly (string | null)[]> {
    const seen = await sandbox.drive(flows.map((flow) => makeFlow(flow)));
    return seen.map(({ landing }) => landing.listener ?? landing.kind);
  }

  /** The pod's policy routing, routes and addresses, and its rules by both interfaces; empty tables cannot be unmade. */
  async function readPod(): Promise<string> {
    const look = "ip rule; ip -6 rule; ip -o address; ip route show table all; iptables-save; iptables-legacy-save";
    const command = ["sh", "-c", `(${look}) | grep -v '^[#*:C]'`];
    const agent = world.stations.get("pod")?.agent;
    const run = { namespace: "pod", command, environment: {}, stdin: "", timeoutMs: 5_000 };
    return (await agent?.call("run", run))?.stdout ?? "";
  }

  test("gives a command line that leads into the pod's namespace", () => {
    const [command = "", ...args] = (world.shellHint() ?? "").split(" ");
    const addresses = execFileSync(command, [...args, "ip", "-br", "address", "show", "eth0"], { encoding: "utf8" });
    expect(addresses).toContain("10.244.0.2/32");
  });

  test("is not the host's: no rule of the pod shows outside", async () => {
    // Docker's own rules come and go with the networks of tests that run beside this one.
    const outside = () =>
      spawnSync("iptables-save", { encoding: "utf8" })
        .stdout.split("\n")
        .filter((line) => !/^#|DOCKER|docker0|br-[0-9a-f]{12}/.test(line));
    const before = outside();
    const ip = "*nat\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n";
    const agent = world.stations.get("pod")?.agent;
    await agent?.call("apply", { namespace: "pod", variant: "default", ip, ip6: null, policyRouting: NO_ROUTING_TEXT });
    expect(await landingsOf("app -> upstream:80")).toEqual(["envoy-outbound"]);
    expect(outside()).toEqual(before);
    await sandbox.clear();
  });

  test("clears everything that a script added: rules of both variants, policy routing, routes, addresses", async () => {
    const before = await readPod();
    const script = join(folder, "rules.sh");
    const lines = [
      "#!/bin/sh -e",
      "iptables -t nat -A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 15001",
      "iptables-legacy -t nat -A OUTPUT -p tcp --dport 81 -j REDIRECT --to-ports 15001",
      "ip rule add fwmark 1337 lookup 133",
      "ip -6 rule add fwmark 1337 lookup 133",
      "ip route add local default dev lo table 133",
      "ip -6 route add local default dev lo table 133",
      "ip address add ::6/128 dev lo",
    ];
    writeFileSync(script, `${lines.join("\n")}\n`);
    await sandbox.install({ kind: "script", path: script });
    expect(await landingsOf("app -> upstream:80", "app -> upstream:81")).toEqual(["envoy-outbound", "envoy-outbound"]);
    await sandbox.clear();
    expect(await readPod()).toBe(before);
    expect(await landingsOf("app -> upstream:80")).toEqual(["upstream"]);
  });

  test("lets no copy of a packet change a route of the pod for the time after the rules", async () => {
    const text = "*filter\n-A OUTPUT -m conntrack --ctdir REPLY -j TEE --gateway fd00:244::3\nCOMMIT\n";
    const parsed = parseIptablesSave(text, { where: "rules", family: 6 });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
    await sandbox.install({ kind: "rules", rules: { ip: null, ip6: parsed.value, policyRouting: NO_POLICY_ROUTING } });
    await landingsOf("app6 -> pod6:8080");
    await sandbox.clear();
    expect(await landingsOf("app6 -> pod6:8080", "client6 -> pod6:8080")).toEqual(["app", "app"]);
  });

  test("keeps no connection in TIME_WAIT, which -m socket could confuse with a later flow from the same port", async () => {
    const flows = Array.from({ length: 50 }, () => makeFlow("client -> pod:8080"));
    await sandbox.drive(flows, { inFlight: 8 });
    const agent = world.stations.get("pod")?.agent;
    const command = ["ss", "-Htan", "state", "time-wait"];
    const run = { command, environment: {}, stdin: "", timeoutMs: 5_000 };
    for (const namespace of ["pod", "client"]) {
      expect((await agent?.call("run", { ...run, namespace }))?.stdout).toBe("");
    }
  });

  test("reports the output of a script that failed", async () => {
    const script = join(folder, "fails.sh");
    writeFileSync(script, "echo no such rule >&2; exit 3\n");
    await expect(sandbox.install({ kind: "script", path: script })).rejects.toMatchObject({
      code: "rules-refused",
      message: expect.stringMatching(/fails\.sh ended with status 3: no such rule/),
    });
    await sandbox.clear();
  });

  test("treats a script that does not end as one that fails, so that a run reports it once", async () => {
    const script = join(folder, "hangs.sh");
    writeFileSync(script, "exec sleep 1000\n");
    await expect(world.runScript(script, 500)).rejects.toMatchObject({
      code: "rules-refused",
      message: `the script ${script} did not end within 0.5 s and was killed.`,
    });
    await sandbox.clear();
  });
});

test("a listener's connections are accepted by its owner, even root, whose thread also dials as others", async () => {
  await using sandbox = new AgentSandbox(await startNetnsWorld());
  await sandbox.enter({ ...USUAL_SPEC, shape: shapeOf({ proxyUid: ["0"], proxyGid: ["0"] }) });
  const stop = (table: string, match: string) =>
    `*${table}\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp ${match} -j REJECT --reject-with tcp-reset\nCOMMIT\n`;
  const text = stop("filter", "-m tcp --sport 15006 --tcp-flags PSH PSH -m owner ! --uid-owner 0");
  const parsed = parseIptablesSave(text, { where: "rules", family: 4 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const rules = { ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING };
  await sandbox.install({ kind: "rules", rules });
  const flows = Array.from({ length: 20 }, (_, i) => makeFlow(`uid=${2000 + i},gid=2000 -> pod:15006`));
  const seen = await sandbox.drive(flows, { inFlight: 20 });
  expect([...new Set(seen.map(({ landing }) => landing.listener ?? landing.cause ?? landing.kind))]).toEqual([
    "envoy-inbound",
  ]);
});

test("the pod has the addresses that it is given", async () => {
  const addresses = { ...DEFAULT_ADDRESSES, pod: { 4: "192.0.2.8", 6: "2001:db8::8" } };
  await using sandbox = new AgentSandbox(await startNetnsWorld(null, addresses));
  await sandbox.enter({ ...USUAL_SPEC, upstreamAddresses: ["10.96.0.9"] });
  const flows = ["client -> pod:8080", "app6 -> pod6:22", "upstream@10.96.0.9 -> pod:22", "app -> upstream:80"];
  const requests = flows.map((text) => {
    const parsed = parseFlowText(text, SHAPE);
    if (!parsed.ok) throw new Error(text);
    return { flow: resolveFlow(parsed.value, addresses, SHAPE), manner: "answer" as const };
  });
  const seen = await sandbox.drive(requests);
  expect(seen.map(({ landing }) => `${landing.listener} at ${landing.address}`)).toEqual([
    "app at 192.0.2.8",
    "app at 2001:db8::8",
    "app at 192.0.2.8",
    "upstream at 10.244.0.4",
  ]);
});

test("a made connection whose ACK is rejected is unanswered, because the kernel does not treat the ICMP error as a refusal", async () => {
  await using sandbox = new AgentSandbox(await startNetnsWorld());
  await sandbox.enter(USUAL_SPEC);
  const reject = "-A INPUT -p tcp -m tcp --dport 8080 -m conntrack --ctstate ESTABLISHED -j REJECT";
  const text = `*filter\n:INPUT ACCEPT [0:0]\n${reject}\nCOMMIT\n`;
  const parsed = parseIptablesSave(text, { where: "rules", family: 4 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const rules = { ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING };
  await sandbox.install({ kind: "rules", rules });
  const [seen] = await sandbox.drive([makeFlow("client -> pod:8080")]);
  expect(seen?.landing).toEqual(makeLanding("unanswered"));
});
