import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "../cli/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-ports-"));
afterAll(() => rmSync(folder, { recursive: true }));

function writeConfig(name: string, fields: object): readonly string[] {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify({ ProxyUserID: "5995", ProxyInboundPort: 20000, ...fields }));
  return ["consul", "--mesh-config", path];
}

const CLASH = /cannot both listen on port/;
const LINKERD = ["linkerd", "-u", "2102"];
const ISTIO = ["istio", "-u", "1337", "-b", "*", "-i", "*"];

async function warningsOf(words: readonly string[]): Promise<readonly string[]> {
  const { code, err } = await runCommand("generate", "--mesh", ...words);
  expect(code, err).toBe(0);
  return err.split("\n").filter((line) => CLASH.test(line));
}

describe("two listeners on one port are told of", () => {
  test.each<[where: string, port: number, words: readonly string[]]>([
    ["-p", 15053, [...ISTIO, "-p", "15053", "--redirect-dns"]],
    ["-p, -z", 15006, [...ISTIO, "-p", "15006"]],
    ["-p, -e", 15008, [...ISTIO, "-p", "15008"]],
    ["-z", 15020, [...ISTIO, "-z", "15020"]],
    ["-p", 15020, ["istio-1.4", "-u", "1337", "-p", "15020"]],
    ["--outgoing-proxy-port, --incoming-proxy-port", 4143, [...LINKERD, "-p", "4143", "-o", "4143"]],
    ["--outgoing-proxy-port", 4190, [...LINKERD, "-p", "4143", "-o", "4190"]],
    ["--redirect-outbound-port, --redirect-inbound-port", 15001, ["kuma", "--redirect-inbound-port", "15001"]],
    ["public.json", 20000, writeConfig("public", { ProxyOutboundPort: 20000 })],
    ["dns.json", 15001, writeConfig("dns", { ConsulDNSPort: 15001 })],
    ["own.json", 15001, writeConfig("own", { ConsulDNSIP: "10.244.0.2", ConsulDNSPort: 15001 })],
  ])("%s: %d", async (where, port, words) => {
    const [warning, ...others] = await warningsOf(words);
    expect(others).toEqual([]);
    expect(warning).toContain(`${where}: `);
    expect(warning).toContain(`port ${port};`);
  });
});

test.each<[string, readonly string[]]>([
  ["Istio's DNS port while no DNS is captured", [...ISTIO, "-p", "15053"]],
  ["Istio 1.4's two ports, which may be one", ["istio-1.4", "-u", "1337", "-p", "15006"]],
  ["a DNS server elsewhere", writeConfig("elsewhere", { ConsulDNSIP: "10.96.0.10", ConsulDNSPort: 15001 })],
])("%s is no such port", async (_, words) => {
  expect(await warningsOf(words)).toEqual([]);
});
