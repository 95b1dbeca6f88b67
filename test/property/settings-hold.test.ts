import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Report } from "../../harness/model/report.ts";
import { runCommand } from "../unit/cli/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-hold-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ISTIO = ["--mesh", "istio", "-u", "1337", "-b", "*", "-i", "*"];
const SEED = ["--mesh", "istio-1.4", "-u", "1337", "-b", "*", "-i", "*"];
const BOTH = join(folder, "both.json");
const CONSUL = join(folder, "consul.json");
const OWN = join(folder, "own.json");
const OWN_ADDRESS = join(folder, "own-address.json");
const DNS = { ConsulDNSIP: "fd00::5", ConsulDNSPort: 8600, DualStack: true };
writeFileSync(CONSUL, JSON.stringify({ ProxyUserID: "5995", ProxyInboundPort: 20000, ...DNS }));
writeFileSync(
  OWN,
  JSON.stringify({ ProxyUserID: "5995", ProxyInboundPort: 20000, ConsulDNSIP: "10.244.0.2", ConsulDNSPort: 8600 }),
);
writeFileSync(OWN_ADDRESS, JSON.stringify({ ProxyUserID: "5995", ProxyInboundPort: 20000, ConsulDNSIP: "10.244.0.2" }));

writeFileSync(
  BOTH,
  JSON.stringify({ ProxyUserID: "5995", ProxyInboundPort: 20000, ConsulDNSPort: 8600, DualStack: true }),
);

/** Settings that each say something for themselves, and more together: the rules of a mesh keep its contract under them all. */
describe("a mesh's own rules do what its contract demands with", () => {
  test.each<[string, readonly string[]]>([
    ["Istio's DNS capture and --drop-invalid", [...ISTIO, "--redirect-dns", "--drop-invalid"]],
    ["all DNS captured and --drop-invalid", [...ISTIO, "--redirect-dns", "--capture-all-dns", "--drop-invalid"]],
    ["Kuma's DNS capture and invalid packets dropped", ["--mesh", "kuma", "--redirect-dns", "--drop-invalid-packets"]],
    ["an excluded interface beside a virtual machine's", [...ISTIO, "-k", "veth0", "-c", "eth2"]],
    ["excluded interfaces named by a pattern", [...ISTIO, "-c", "eth+"]],
    ["the pod's own interface as a virtual machine's", [...ISTIO, "-k", "eth0"]],
    ["rules of nftables in a pod without IPv6 rules", ["--mesh", "istio", "--native-nftables"]],
    [
      "the same with DNS capture and --drop-invalid",
      [...ISTIO, "--native-nftables", "--redirect-dns", "--drop-invalid"],
    ],
    ["rules of nftables with DNS capture", [...ISTIO, "--native-nftables", "--redirect-dns"]],
    ["Kuma's capture of all DNS", ["--mesh", "kuma", "--redirect-all-dns-traffic"]],
    ["a virtual network of Kuma's behind the pod's own interface", ["--mesh", "kuma", "--vnet", "eth0:10.0.0.0/8"]],
    [
      "ambient mode's virtual interface that is the pod's own",
      ["--mesh", "istio-ambient", "--reroute-virtual-interfaces", "eth0"],
    ],
    ["Consul's DNS on both loopback addresses", ["--mesh", "consul", "--mesh-config", BOTH, "--native-nftables"]],
    ["Istio 1.4's TPROXY and a virtual machine", [...SEED, "-m", "TPROXY", "-k", "tap0"]],
    ["Istio 1.4's virtual machine behind the pod's own interface", [...SEED, "-k", "eth0"]],
    ["TPROXY and a virtual machine", [...ISTIO, "-m", "TPROXY", "-k", "veth0"]],
    ["TPROXY and the pod's own interface excluded", [...ISTIO, "-m", "TPROXY", "-c", "eth0"]],
    ["TPROXY and a further interface excluded", [...ISTIO, "-m", "TPROXY", "-c", "net1"]],
    ["TPROXY and two further interfaces, one excluded", [...ISTIO, "-m", "TPROXY", "-k", "veth0", "-c", "net1"]],
    ["TPROXY and lo excluded", [...ISTIO, "-m", "TPROXY", "-c", "lo"]],
    ["Istio 1.4's networks that are all excluded", [...SEED, "-x", "0.0.0.0/0"]],
    ["Istio 1.4's ports that are all excluded", [...SEED, "-m", "TPROXY", "-o", "0:65535"]],
    ["such networks beside the pod's own interface", [...SEED, "-x", "0.0.0.0/0", "-k", "eth0"]],
    ["Istio 1.4's loopback address alone", ["--mesh", "istio-1.4", "-u", "1337", "-b", "*", "-i", "127.0.0.1/32"]],
    [
      "Istio 1.4's networks of IPv6 in a pod of IPv4",
      ["--mesh", "istio-1.4", "-u", "1337", "-b", "*", "-i", "fd00::/8"],
    ],
    ["a virtual network of Kuma's behind lo", ["--mesh", "kuma", "--vnet", "lo:10.0.0.0/8"]],
    [
      "a virtual network of Kuma's behind every interface named like the pod's own",
      ["--mesh", "kuma", "--vnet", "eth+:10.0.0.0/8", "--vnet", "docker0:172.17.0.0/16"],
    ],
    [
      "ambient mode's virtual interfaces named like the pod's own",
      ["--mesh", "istio-ambient", "--reroute-virtual-interfaces", "veth1,eth+"],
    ],
    ["ambient mode's virtual interface lo", ["--mesh", "istio-ambient", "--reroute-virtual-interfaces", "lo"]],
    ["DNS capture whose port is excluded", [...ISTIO, "--redirect-dns", "-o", "53"]],
    ["Consul's DNS on a port of the pod's own address", ["--mesh", "consul", "--mesh-config", OWN]],
    ["Consul's DNS on the pod's own address", ["--mesh", "consul", "--mesh-config", OWN_ADDRESS]],
    ["Consul's DNS on a server of IPv6 elsewhere", ["--mesh", "consul", "--mesh-config", CONSUL]],
  ])("%s", { timeout: 120_000 }, async (_, words) => {
    const { code, out } = await runCommand("prove", ...words);
    expect(code, out).toBe(0);
  });
});

test("a proxy whose own uid its rules capture is found to loop by prove and by verify alike", async () => {
  const words = [...ISTIO, "-m", "TPROXY", "-u", "0"];
  const proven = await runCommand("prove", ...words);
  expect(proven.code).toBe(1);
  expect(proven.out).toMatch(/loop envoy-inbound/);
  const { code, out } = await runCommand("verify", ...words, "--sandbox", "simulated", "--quiet");
  expect(code, out).toBe(1);
});

test("what only a second socket at istio-agent's own port could send is not demanded", async () => {
  const words = [...ISTIO, "-g", "1000", "--redirect-dns", "--capture-all-dns"];
  const { code, out } = await runCommand("verify", ...words, "--sandbox", "simulated", "--json");
  const [scenario] = (JSON.parse(out) as Report).scenarios;
  const asked = scenario?.flows.filter(({ from, to, expected }) => {
    const isQuery = from.port === 15053 && to.port === 53 && from.uid !== 1337 && from.gid !== 1000;
    const isInside = to.address.startsWith("127.") || to.address === from.address;
    return isQuery && isInside && expected?.listener === "dns";
  });
  expect({ code, asked }).toEqual({ code: 0, asked: [] });
});

test("no flow is demanded that dials the very end it is bound to", async () => {
  const words = [...ISTIO, "--redirect-dns", "--native-nftables", "--sandbox", "simulated", "--json"];
  const { code, out } = await runCommand("verify", ...words);
  const [scenario] = (JSON.parse(out) as Report).scenarios;
  const toItself = scenario?.flows.filter(({ from, to }) => from.port === to.port && from.address === to.address);
  expect({ code, toItself }).toEqual({ code: 0, toItself: [] });
});

test("no flow dials port 0, with which a range may begin", async () => {
  const words = ["-p", "4143", "-o", "4140", "-u", "2102", "--inbound-ports-to-ignore", "0-65535"];
  const { code, out } = await runCommand("verify", "--mesh", "linkerd", ...words, "--sandbox", "simulated", "--json");
  const [scenario] = (JSON.parse(out) as Report).scenarios;
  const zero = scenario?.flows.filter(({ to, protocol }) => to.port === 0 && protocol !== "icmp");
  expect({ code, zero: zero?.map(({ flow }) => flow) }).toEqual({ code: 0, zero: [] });
});

test("a host of a mesh's own may have a peer's address: its landings have its name, the canary's too", async () => {
  const words = ["--mesh", "istio-ambient", "--host-probe-snat-ip", "10.244.0.4", "--sandbox", "simulated", "--json"];
  const { code, out } = await runCommand("verify", ...words);
  const [scenario] = (JSON.parse(out) as Report).scenarios;
  const landing = scenario?.flows.find(({ flow }) => flow === "app -> upstream:80")?.observed.listener;
  expect({ code, landing }).toEqual({ code: 0, landing: "kubelet" });
});
