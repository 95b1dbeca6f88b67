import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Ruleset } from "../../../harness/model/ruleset.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../../harness/sandbox/sandbox.ts";
import { USUAL_SPEC } from "./sandbox-setup.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-script-"));
afterAll(() => rmSync(folder, { recursive: true }));

function writeScript(...lines: readonly string[]) {
  const path = join(folder, "rules.sh");
  writeFileSync(path, `#!/bin/sh\n${lines.join("\n")}\n`);
  return { kind: "script", path } as const;
}

/** Says whether some process of this machine was started with these words. */
function isRunning(commandLine: string): boolean {
  return readdirSync("/proc").some((entry) => {
    try {
      return readFileSync(`/proc/${entry}/cmdline`, "latin1").replaceAll("\0", " ").trim() === commandLine;
    } catch {
      return false;
    }
  });
}

async function readTargets(sandbox: Sandbox): Promise<readonly string[]> {
  const { ip } = await sandbox.counters();
  return (ip?.tables ?? []).flatMap(({ chains }) =>
    chains.flatMap(({ rules }) => rules.map(({ target }) => target?.kind ?? "none")),
  );
}

function listUsed(ruleset: Ruleset | null): readonly string[] {
  const used = ruleset?.tables.filter(({ chains }) => chains.some(({ rules }) => rules.length > 0)) ?? [];
  return used.map(({ source, name }) => `${source} ${name}`).toSorted();
}

async function readRouting(sandbox: Sandbox): Promise<string> {
  const evidence = await sandbox.gatherEvidence();
  if (!("routing" in evidence)) throw new Error("the sandbox gives no routing");
  return evidence.routing;
}

/** The kernel itself changes addresses and routes until it has found that nobody else has the pod's link-local address. */
function readSettledRouting(sandbox: Sandbox): Promise<string> {
  return vi.waitFor(
    async () => {
      const routing = await readRouting(sandbox);
      expect(routing).not.toContain("tentative");
      return routing;
    },
    { timeout: 10_000, interval: 100 },
  );
}

/** What a script prints before it fails comes back in the error. */
async function readOutput(sandbox: Sandbox, ...lines: readonly string[]): Promise<string> {
  const script = writeScript("exec >&2", ...lines, "exit 9");
  return sandbox.install(script).then(
    () => "it did not fail",
    ({ message }) => message.replace(/^.*ended with status 9: /, ""),
  );
}

describe.each(["netns", "docker"] as const)("a rules script on %s", (backend) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox(backend);
    await sandbox.enter(USUAL_SPEC);
  });
  afterEach(() => sandbox.clear());
  afterAll(() => sandbox[Symbol.asyncDispose]());

  test("has ended when its process ends, even if a process that it left holds its output open", async () => {
    await sandbox.install(writeScript("sleep 71234 &", "iptables -A INPUT -p tcp --dport 9 -j DROP"));
    expect(isRunning("sleep 71234")).toBe(true);
    expect(await readTargets(sandbox)).toEqual(["drop"]);
  });

  test.each([
    ["a route that keeps packets in is removed", "ip route del $(ip route show default | head -1)"],
    ["a route leads elsewhere", "ip route add 192.0.2.0/24 dev eth0"],
    ["an address brings a network with it", "ip address add 192.0.2.1/24 dev eth0"],
    ["a neighbour is another host", "ip neigh replace 10.244.0.99 lladdr 02:00:00:00:00:99 nud permanent dev eth0"],
  ])("is refused if %s, and the pod is unchanged", async (_, line) => {
    const before = await readSettledRouting(sandbox);
    await expect(sandbox.install(writeScript(line))).rejects.toMatchObject({
      code: "rules-refused",
      message: expect.stringMatching(/the script changed where packets can leave the pod: it (?:added|removed)/),
    });
    expect(await readRouting(sandbox)).toBe(before);
    await expect(sandbox.install(writeScript("true"))).resolves.toBeUndefined();
  });

  test("may use nft and iptables-legacy too: their tables are read, and removed with the script's other rules", async () => {
    const script = writeScript(
      "nft create table inet own",
      "nft 'add chain inet own i { type filter hook input priority 0; policy drop; }'",
      "nft 'add rule inet own i tcp dport 9 accept'",
      "nft create table netdev link",
      "iptables-legacy -A INPUT -p tcp --dport 10 -j DROP",
      "iptables -A INPUT -p tcp --dport 11 -j REJECT",
    );
    for (let run = 0; run < 2; run++) {
      await sandbox.install(script);
      const { ip, ip6 } = await sandbox.counters();
      expect(listUsed(ip)).toEqual(["iptables filter", "iptables-legacy filter", "nft own"]);
      expect(listUsed(ip6)).toEqual(["nft own"]);
      expect((await readTargets(sandbox)).toSorted()).toEqual(["accept", "drop", "reject"]);
      await sandbox.clear();
    }
    expect(await readOutput(sandbox, "nft list tables; iptables-legacy-save | grep -e -A")).not.toMatch(/own|link|-A/);
  });

  test("may add the policy routing that TPROXY needs", async () => {
    const script = writeScript("ip rule add fwmark 1 lookup 133", "ip route add local default dev lo table 133");
    await expect(sandbox.install(script)).resolves.toBeUndefined();
  });

  test("does not see landfall's environment", async () => {
    vi.stubEnv("LANDFALL_TEST_SECRET", "never to be seen");
    const other = await openSandbox(backend).finally(() => vi.unstubAllEnvs());
    await other.enter(USUAL_SPEC);
    const seen = await readOutput(other, "env").finally(() => other[Symbol.asyncDispose]());
    expect(seen).toContain("PATH=");
    expect(seen).not.toContain("never to be seen");
  });
});

describe("a rules script on netns", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox("netns");
    await sandbox.enter(USUAL_SPEC);
  });
  afterEach(() => sandbox.clear());
  afterAll(() => sandbox[Symbol.asyncDispose]());

  test("leaves no process behind once its rules are removed", async () => {
    await sandbox.install(writeScript("setsid sleep 71235 &"));
    expect(isRunning("sleep 71235")).toBe(true);
    await sandbox.clear();
    expect(isRunning("sleep 71235")).toBe(false);
  });

  test("cannot write a file of the machine; what it writes to /tmp is removed with it", async () => {
    // The checkout may itself be below /tmp, which is hidden from the script.
    const files = ["/etc/landfall-test", "/var/landfall-test", "/tmp/landfall-test"];
    const seen = await readOutput(sandbox, ...files.map((file) => `echo x >${file} && echo "wrote ${file}"`));
    expect(seen).toContain("wrote /tmp/landfall-test");
    expect(seen.match(/Read-only file system/g)).toHaveLength(2);
    expect(files.filter((file) => existsSync(file))).toEqual([]);
  });

  test("cannot enter the machine's network namespace", async () => {
    const enter = [
      "nsenter --target 1 --net ip -o link && echo entered",
      `nsenter --net=/proc/${process.pid}/ns/net ip -o link && echo entered`,
      "mkdir /tmp/proc; mount -t proc proc /tmp/proc && echo mounted",
    ];
    const seen = await readOutput(sandbox, ...enter);
    expect(seen).not.toMatch(/entered|mounted/);
    expect(seen).toMatch(/denied|No such file/);
  });

  test("sees only its own processes, no disk, and kernel settings that it cannot change", async () => {
    const processes = await readOutput(sandbox, "cat /proc/[0-9]*/comm");
    expect(processes).not.toContain("node");
    expect(await readOutput(sandbox, "find /dev -type b")).toMatch(/^(?:it printed no message)?\.?$/);
    const write =
      "echo core >/proc/sys/kernel/core_pattern && echo wrote; cd /proc/sys/net/ipv4; echo 1 >ip_forward; echo forwards $(cat ip_forward)";
    const seen = await readOutput(sandbox, write);
    expect(seen).toContain("forwards 1");
    expect(seen).not.toContain("wrote");
  });
});

test("a rules script on docker cannot remove the route that keeps packets from the machine", async () => {
  await using sandbox = await openSandbox("docker");
  await sandbox.enter(USUAL_SPEC);
  const remove = "ip route show type unreachable | while read -r route; do ip route del $route; done";
  await expect(sandbox.install(writeScript(remove))).rejects.toMatchObject({
    code: "rules-refused",
    message: expect.stringMatching(/removed "unreachable 10\.244\.\d+\.1"/),
  });
  const evidence = await sandbox.gatherEvidence();
  expect("routing" in evidence && evidence.routing).toMatch(/unreachable 10\.244\.\d+\.1/);
});
