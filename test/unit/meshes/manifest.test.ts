import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MESHES } from "../../../harness/meshes/meshes.ts";
import { runCommandIn } from "../cli/run-command.ts";

const folder = join(import.meta.dirname, "../../golden/manifests");
const read = (name: string) => readFileSync(join(folder, name), "utf8");

const run = (...words: readonly string[]) => runCommandIn({ workingDirectory: folder }, ...words);

/** Runs `generate` on a manifest in which texts are replaced. */
async function generateChanged(name: string, ...changes: readonly (readonly [string, string])[]) {
  const changed = changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${name} does not hold ${from}`);
    return text.replaceAll(from, to);
  }, read(name));
  const workingDirectory = mkdtempSync(join(tmpdir(), "landfall-manifest-"));
  writeFileSync(join(workingDirectory, "pod.yaml"), changed);
  try {
    return await runCommandIn({ workingDirectory }, "generate", "--manifest", "pod.yaml");
  } finally {
    rmSync(workingDirectory, { recursive: true });
  }
}

const CNI = [
  "-p",
  "15001",
  "-z",
  "15006",
  "-u",
  "1007",
  "-g",
  "1008",
  "-i",
  "*",
  "-b",
  "*",
  "-o",
  "15020",
  "-k",
  "net1",
];

describe("a manifest leads to the rules of the options that it stands for", () => {
  const rows: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>])[] = [
    [
      "istio.yaml",
      ["istio", "-u", "1337", "-i", "*", "-x", "169.254.169.254/32", "-b", "*", "-d", "15090,15021,9100,15020"],
      { ISTIO_META_DNS_CAPTURE: "true" },
    ],
    ["istio-cni.yaml", ["istio", ...CNI, "-d", "15090,15021,15020", "--dual-stack"], {}],
    ["istio-1.4.yaml", ["istio-1.4", "-u", "1337", "-i", "*", "-b", "*", "-d", "15020", "-o", "3306"], {}],
    ["istio-ambient.yaml", ["istio-ambient", "--ambient-ipv6"], {}],
    [
      "linkerd.yaml",
      [
        ...["linkerd", "--ipv6=false", "-p", "4143", "-o", "4140", "-u", "2102"],
        ...["--inbound-ports-to-ignore", "4190,4191,4567,4568", "--outbound-ports-to-ignore", "5432"],
      ],
      {},
    ],
    [
      "linkerd-deployment.yaml",
      [
        ...["linkerd", "-p", "4143", "-o", "4140", "-u", "2103"],
        ...["--inbound-ports-to-ignore", "4190,4291,25,8000-8100", "--outbound-ports-to-ignore", "4567,4568"],
      ],
      {},
    ],
    [
      "kuma.yaml",
      ["kuma", "--ip-family-mode", "ipv4", "--redirect-all-dns-traffic", "--exclude-inbound-ports", "7777,9001"],
      {},
    ],
    ["kuma-old.yaml", ["kuma", "--exclude-inbound-ports", "9000,9800"], {}],
  ];

  test.each(rows)("%s", async (file, [mesh = "", ...words], environment) => {
    const given = await run("generate", "--manifest", file, "--format", "commands");
    const asked = await runCommandIn({ environment }, "generate", "--mesh", mesh, ...words, "--format", "commands");
    expect(asked).toMatchObject({ code: 0, out: expect.stringMatching(/iptables/) });
    expect(given).toMatchObject({ code: 0, out: asked.out });
  });

  test("consul.json, a List with one pod", async () => {
    const { code, out } = await run("generate", "--manifest", "consul.json");
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("--dport 5432 -j RETURN") });
    expect(out).toContain("-d 127.0.0.1/32 -p udp -m udp --dport 53 -j DNAT --to-destination 127.0.0.1:8600");
  });

  const inCommand: readonly (readonly [string, string, string])[] = [
    ["istio.yaml", "    args:\n", "    command:\n    - /usr/local/bin/pilot-agent\n"],
    ["istio-1.4.yaml", "    args: [", "    command: [/usr/local/bin/istio-iptables, "],
    ["linkerd.yaml", "    args:\n", "    command:\n    - /usr/lib/linkerd/proxy-init\n"],
    ["kuma-old.yaml", "transparent-proxy]\n    args: [", "transparent-proxy, "],
  ];

  test.each(inCommand)("%s, with the arguments in the command", async (file, args, command) => {
    const given = await generateChanged(file, [args, command]);
    expect(given.err).toContain("spec.initContainers[0].command");
    expect(given).toMatchObject({ code: 0, out: (await run("generate", "--manifest", file)).out });
  });

  test("two texts of one Config of Consul", async () => {
    const config = String.raw`"consul.hashicorp.com/redirect-traffic-config": "{\"ProxyInboundPort\":20000,\"ProxyUserID\":\"5995\"}",`;
    const given = await generateChanged(
      "consul.json",
      ['"consul.hashicorp.com/transparent-proxy-exclude-outbound-ports": "5432"', `${config} "a": "b"`],
      [
        String.raw`{\"ConsulDNSIP`,
        String.raw`{\"ProxyUserID\":\"5995\",\"ProxyInboundPort\":20000}", "was": "{\"ConsulDNSIP`,
      ],
    );
    expect(given).toMatchObject({ code: 0, out: expect.stringContaining("--uid-owner 5995") });
  });

  test("variables of this machine change nothing", async () => {
    const around = { workingDirectory: folder, environment: { ISTIO_LOCAL_EXCLUDE_PORTS: "1" } };
    const { out } = await runCommandIn(around, "generate", "--manifest", "istio-cni.yaml");
    expect(out).toBe((await run("generate", "--manifest", "istio-cni.yaml")).out);
  });
});

test("the users of this machine are not those of a manifest's pod", async () => {
  const { code, err } = await generateChanged("kuma.yaml", ['kumaDPUser: "5678"', "kumaDPUser: daemon"]);
  expect(code).toBe(2);
  expect(err).toContain('No user "daemon" is known here; write the uid.');
});

test("a notice says where each setting was read, with its line", async () => {
  const { err } = await run("generate", "--manifest", "linkerd.yaml");
  expect(err.split("\n").map((line) => line.replace("landfall: linkerd.yaml:", ""))).toEqual([
    "10: Pod web-1 is in the mesh linkerd, by the init container linkerd-init, spec.initContainers[0]",
    expect.stringMatching(
      /^13: arguments of the init container linkerd-init: --ipv6=false .*, spec\.initContainers\[0\]\.args$/,
    ),
    "7: annotation config.linkerd.io/skip-outbound-ports: 5432 (agrees with the init container linkerd-init)",
    "31: the pod's address 10.42.0.7, status.podIPs[0]",
    "32: the pod's address fd00:10::7, status.podIPs[1]",
    "",
  ]);
});

test("an address that another host of the sandbox has is replaced, with a notice", async () => {
  const { code, err } = await generateChanged("linkerd.yaml", ["10.42.0.7", "10.244.0.3"]);
  expect({ code, err }).toMatchObject({
    code: 0,
    err: expect.stringContaining("10.244.0.3, for which 10.244.0.2 stands here"),
  });
});

test("a variable of an init container counts if its tool reads it, with a notice", async () => {
  const name = "KUMA_TRANSPARENT_PROXY_REDIRECT_INBOUND_PORT";
  const add = (file: string) =>
    generateChanged(file, ["    args:", `    env: [{name: ${name}, value: "15016"}]\n    args:`]);
  const own = await add("kuma.yaml");
  expect(own).toMatchObject({ code: 0, out: expect.stringContaining("REDIRECT --to-ports 15016") });
  expect(own.err).toContain(`variable ${name}=15016 of the container kuma-init`);
  // Without a file of settings Kuma's tool reads none.
  expect((await add("kuma-old.yaml")).out).not.toContain("15016");
});

/** The value of a variable that is not in the manifest. */
describe("what Istio's newer injectors write", () => {
  const VALIDATED = ["    args: [istio-iptables", "    args: [--native-nftables, istio-iptables"] as const;
  const PROXY_ENV = "    - name: ISTIO_DUAL_STACK";
  type Row = readonly [string, string, readonly (readonly [string, string])[], readonly string[]];
  const usual = [...CNI, "--dual-stack", "-d", "15090,15021,15020"];
  const rows: readonly Row[] = [
    [
      "the CNI plugin captures DNS to every server where it captures DNS",
      "istio-cni.yaml",
      [[PROXY_ENV, `    - {name: ISTIO_META_DNS_CAPTURE, value: "true"}\n${PROXY_ENV}`]],
      [...usual, "--redirect-dns", "--capture-all-dns"],
    ],
    [
      "the CNI plugin leaves 15020 alone where the status port is another",
      "istio-cni.yaml",
      [
        ["excludeInboundPorts: 15020,15021,15090", "excludeInboundPorts: '15030'"],
        ["15090,15021,15020", "15090,15021,15030"],
        ["  annotations:", "  annotations:\n    status.sidecar.istio.io/port: '15030'"],
      ],
      [...usual, "-d", "15090,15021,15030,15020"],
    ],
    [
      "the CNI plugin makes native nftables where its validation is told so",
      "istio-cni.yaml",
      [VALIDATED],
      [...usual, "--native-nftables"],
    ],
    [
      "an init container that applies again",
      "istio.yaml",
      [
        [
          "    - --log_output_level=default:info",
          "    - --log_output_level=default:info\n    - --log_as_json\n    - --force-apply",
        ],
        ['      value: "true"', '      value: "false"'],
      ],
      ["-u", "1337", "-i", "*", "-x", "169.254.169.254/32", "-b", "*", "-d", "15090,15021,9100,15020"],
    ],
  ];

  test.each(rows)("%s", async (_, file, changes, words) => {
    const given = await generateChanged(file, ...changes);
    const asked = await run("generate", "--mesh", "istio", ...words);
    expect(asked).toMatchObject({ code: 0, out: expect.stringMatching(/15006/) });
    expect(given).toMatchObject({ code: 0, out: asked.out });
  });
});

const FROM_ELSEWHERE = "valueFrom: {configMapKeyRef: {name: a, key: b}}";

describe("a manifest that cannot be used is refused with line and column:", () => {
  type Row = readonly [string, string, readonly (readonly [string, string])[], RegExp];
  const rows: readonly Row[] = [
    [
      "an annotation against the init container's argument",
      "linkerd.yaml",
      [['skip-outbound-ports: "5432"', 'skip-outbound-ports: "5433"']],
      /pod\.yaml:7: The annotation config\.linkerd\.io\/skip-outbound-ports says "5433".*\(line 13\) has --outbound-ports-to-ignore 5432\. In the cluster the arguments of linkerd-init count/,
    ],
    [
      "the same of Istio, an option that is left out",
      "istio.yaml",
      [['excludeInboundPorts: "9100"', 'excludeOutboundPorts: "9100"']],
      /pod\.yaml:10: .*leaves -o out\. In the cluster the arguments of istio-init count/,
    ],
    [
      "the same with Istio's CNI plugin, where the annotation counts",
      "istio-cni.yaml",
      [["virtual-interfaces: net1", "virtual-interfaces: net2"]],
      /pod\.yaml:9: .*In the cluster the annotation counts: Istio's CNI plugin/,
    ],
    [
      "the same of Istio 1.4",
      "istio-1.4.yaml",
      [['OutboundPorts: "3306"', 'OutboundPorts: "3307"']],
      /pod\.yaml:6: .*has -o 3306\. In the cluster the arguments of istio-init count/,
    ],
    [
      "the same of Kuma, against its file of settings",
      "kuma.yaml",
      [['inbound-ports: "7777"', 'inbound-ports: "7778"']],
      /pod\.yaml:7: .*In the cluster the annotation traffic\.kuma\.io\/transparent-proxy-config counts/,
    ],
    [
      "the same of Kuma, and not of the probe proxy's port, which the file has",
      "kuma.yaml",
      [
        ['inbound-ports: "7777"', 'inbound-ports: "7778"\n    kuma.io/application-probe-proxy-port: "9100"'],
        ["7777,9001", "7777,9001,9100"],
      ],
      /one finding\).*\n {2}pod\.yaml:7: The annotation traffic\.kuma\.io\/exclude-inbound-ports says "7778"/,
    ],
    [
      "a port of Kuma's probe proxy that the file does not have",
      "kuma.yaml",
      [['inbound-ports: "7777"', 'inbound-ports: "7777"\n    kuma.io/application-probe-proxy-port: "9100"']],
      /one finding\).*\n {2}pod\.yaml:8: The annotation kuma\.io\/application-probe-proxy-port says "9100"/,
    ],
    [
      "the same of Consul",
      "consul.json",
      [['outbound-ports": "5432"', 'outbound-ports": "5433"']],
      /pod\.yaml:12: .*names 5433, which ExcludeOutboundPorts of CONSUL_REDIRECT_TRAFFIC_CONFIG .* does not\. In the cluster the latter counts/,
    ],
    [
      "two meshes",
      "linkerd.yaml",
      [["  - name: app\n", "  - name: istio-proxy\n"]],
      /Pod web-1 is in more than one mesh: istio by the container istio-proxy \(line \d+\); linkerd by the init container linkerd-init \(line 10\)/,
    ],
    [
      "no mesh",
      "istio-ambient.yaml",
      [
        ["istio.io/dataplane-mode: ambient", "app: api"],
        ["ambient.istio.io/redirection: enabled", "a: b"],
        ["ambient.istio.io/dns-capture", "c"],
      ],
      /Pod api names no known mesh: no container, label or annotation of istio-1\.4, istio, istio-ambient, linkerd, kuma, consul/,
    ],
    [
      "a pod that was taken out of the mesh",
      "linkerd-deployment.yaml",
      [["linkerd.io/inject: enabled", "linkerd.io/inject: disabled"]],
      /names no known mesh/,
    ],
    [
      "a name that is nearly an annotation's",
      "linkerd.yaml",
      [["skip-outbound-ports", "skip-outbound-port"]],
      /pod\.yaml:7: There is no annotation config\.linkerd\.io\/skip-outbound-port; did you mean/,
    ],
    [
      "only a Service",
      "linkerd-deployment.yaml",
      [["kind: Deployment", "kind: Service"]],
      /This describes no pod, but Service web/,
    ],
    [
      "several pods",
      "linkerd-deployment.yaml",
      [["kind: Service", "kind: Pod"]],
      /This describes more than one pod: Pod web, Deployment web/,
    ],
    ["a number where Kubernetes takes a text", "istio.yaml", [['"9100"', "9100"]], /pod\.yaml:10: .*It must be a text/],
    [
      "text that is not YAML",
      "istio.yaml",
      [["metadata:", "metadata: ]"]],
      /pod\.yaml:3:\d+: This is neither JSON nor YAML/,
    ],
    [
      "a pod in the node's own network",
      "istio.yaml",
      [["spec:\n", "spec:\n  hostNetwork: true\n"]],
      /pod\.yaml:13: spec\.hostNetwork: The pod has the node's own network/,
    ],
    [
      "settings that the manifest does not hold",
      "kuma.yaml",
      [["/tmp/transparent-proxy/base/", "/tmp/transparent-proxy/custom/"]],
      /kuma-init reads \/tmp\/transparent-proxy\/custom\/config\.yaml, and the text of that file is not in this manifest/,
    ],
    [
      "a variable whose value comes from elsewhere",
      "istio.yaml",
      [['      value: "true"', "      valueFrom: {configMapKeyRef: {name: a, key: b}}"]],
      /pod\.yaml:36: The variable ISTIO_META_DNS_CAPTURE of istio-init decides about rules, and its value is not in this manifest/,
    ],
    [
      "the same in the init container of Istio 1.4",
      "istio-1.4.yaml",
      [["    args:", `    env: [{name: ISTIO_LOCAL_EXCLUDE_PORTS, ${FROM_ELSEWHERE}}]\n    args:`]],
      /pod\.yaml:11: The variable ISTIO_LOCAL_EXCLUDE_PORTS of istio-init decides about rules, and its value is not in this manifest/,
    ],
    [
      "the same in Kuma's",
      "kuma.yaml",
      [["    args:", `    env: [{name: KUMA_TRANSPARENT_PROXY_REDIRECT_DNS_ENABLED, ${FROM_ELSEWHERE}}]\n    args:`]],
      /pod\.yaml:24: The variable KUMA_TRANSPARENT_PROXY_REDIRECT_DNS_ENABLED of kuma-init decides about rules/,
    ],
    [
      "the same of Consul's Config",
      "consul.json",
      [['"value": "{', '"valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}, "was": "{']],
      /pod\.yaml:22: The variable CONSUL_REDIRECT_TRAFFIC_CONFIG of consul-connect-inject-init decides about rules/,
    ],
    [
      "variables from a ConfigMap that is not there",
      "istio.yaml",
      [["    env:", "    envFrom: [{configMapRef: {name: a}}]\n    env:"]],
      /pod\.yaml:\d+: The container istio-init takes variables from a ConfigMap or a Secret \(envFrom\), which is not in this manifest/,
    ],
    [
      "a variable that is made of another one",
      "istio.yaml",
      [['      value: "true"', '      value: "$(OTHER)"']],
      /pod\.yaml:36: The variable ISTIO_META_DNS_CAPTURE of istio-init decides about rules, and its value "\$\(OTHER\)" is made of another variable's/,
    ],
    [
      "a pod for which Istio makes no rules, by the mesh's own setting",
      "istio.yaml",
      [
        ["  - name: istio-init", "  - name: migrate"],
        [
          "    securityContext:\n",
          "    env: [{name: ISTIO_META_INTERCEPTION_MODE, value: NONE}]\n    securityContext:\n",
        ],
      ],
      /pod\.yaml:\d+: ISTIO_META_INTERCEPTION_MODE of istio-proxy is NONE: Istio makes no rules for this pod/,
    ],
    [
      "a gateway",
      "istio.yaml",
      [
        ["  - name: istio-init", "  - name: migrate"],
        ["    securityContext:\n", "    args: [proxy, router]\n    securityContext:\n"],
      ],
      /pod\.yaml:\d+: istio-proxy runs as a router, which is a gateway and no sidecar: Istio makes no rules/,
    ],
    [
      "a pod that Istio's CNI plugin passes over",
      "istio-cni.yaml",
      [["    - name: ISTIO_DUAL_STACK", "    - {name: DISABLE_ENVOY, value: 'true'}\n    - name: ISTIO_DUAL_STACK"]],
      /pod\.yaml:\d+: DISABLE_ENVOY of istio-proxy is on, and Istio's CNI plugin passes such a pod over/,
    ],
    [
      "a proxy that runs as somebody whose traffic is not left alone, of Istio",
      "istio.yaml",
      [
        ["runAsUser: 1337", "runAsUser: 4242"],
        ["runAsGroup: 1337", "runAsGroup: 4242"],
      ],
      /pod\.yaml:\d+: The container istio-proxy runs as uid 4242 and gid 4242, and the settings leave the traffic of uid 1337 and gid 1337 alone/,
    ],
    [
      "the same of Linkerd, by the pod's own securityContext",
      "linkerd.yaml",
      [["spec:\n", "spec:\n  securityContext: {runAsUser: 2103}\n"]],
      /The container linkerd-proxy runs as uid 2103, and the settings leave the traffic of uid 2102 alone/,
    ],
    [
      "an init container that runs a script",
      "istio.yaml",
      [["    args:\n    - istio-iptables", "    command: [/bin/sh, -c]\n    args:\n    - istio-iptables"]],
      /pod\.yaml:16: The container istio-init runs a shell, \/bin\/sh, and landfall does not read scripts/,
    ],
    [
      "the same of Linkerd",
      "linkerd.yaml",
      [["    args:", "    command: [sh, -c]\n    args:"]],
      /The container linkerd-init runs a shell, sh/,
    ],
    [
      "the same of Kuma",
      "kuma.yaml",
      [["/usr/bin/kumactl,", "bash, -c,"]],
      /The container kuma-init runs a shell, bash/,
    ],
    [
      "an init container twice",
      "linkerd.yaml",
      [["  - name: app", "  - name: linkerd-init"]],
      /spec\.containers\[1\]\.name: spec\.initContainers\[0\] has the name "linkerd-init" already/,
    ],
    [
      "an init container beside the one of Istio's CNI plugin",
      "istio-cni.yaml",
      [["  initContainers:\n", "  initContainers:\n  - name: istio-init\n"]],
      /pod\.yaml:\d+: The pod has istio-validation, for which Istio's CNI plugin makes the rules, and istio-init \(line \d+\)/,
    ],
    [
      "two first addresses",
      "linkerd.yaml",
      [["status:\n", "status:\n  podIP: 10.42.0.8\n"]],
      /status\.podIP: It is 10\.42\.0\.8, and the first of status\.podIPs is 10\.42\.0\.7/,
    ],
    [
      "a pod for which Consul makes no rules, since nothing in it asks for them",
      "consul.json",
      [["CONSUL_REDIRECT_TRAFFIC_CONFIG", "CONSUL_ADDRESSES"]],
      /consul-connect-inject-init has no CONSUL_REDIRECT_TRAFFIC_CONFIG, and the pod no annotation .*: Consul makes no rules/,
    ],
    [
      "the same, by an annotation as Go writes it",
      "consul.json",
      [['transparent-proxy-exclude-outbound-ports": "5432"', 'transparent-proxy": "F"']],
      /consul\.hashicorp\.com\/transparent-proxy is false: Consul makes no rules/,
    ],
    [
      "an annotation of Consul's that is neither true nor false",
      "consul.json",
      [['transparent-proxy-exclude-outbound-ports": "5432"', 'consul-dns": "no"']],
      /consul\.hashicorp\.com\/consul-dns is "no", and consul-k8s refuses such a pod/,
    ],
    [
      "a pod that was taken out of ambient mode",
      "istio-ambient.yaml",
      [["redirection: enabled", "redirection: disabled"]],
      /names no known mesh/,
    ],
    [
      "a name server that is not an address",
      "istio.yaml",
      [["spec:\n", "spec:\n  dnsConfig: {nameservers: [fe80::1%eth0, dns.example]}\n"]],
      /one finding\).*\n {2}pod\.yaml:13: "dns\.example" is not an address\.\n$/,
    ],
    [
      "a value that the mesh's own tool refuses",
      "istio.yaml",
      [
        ["15090,15021,9100,15020", "15090,15021,9100,15020,99999"],
        ['"9100"', '"9100,99999"'],
      ],
      /99999/,
    ],
  ];

  test.each(rows)("%s", async (_, file, changes, message) => {
    const { code, out, err } = await generateChanged(file, ...changes);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
  });

  test("options together with it, another mesh, a contract, and two manifests", async () => {
    const manifest = ["--manifest", "linkerd.yaml"];
    const refused = [
      await run("generate", ...manifest, "--proxy-uid", "1"),
      await run("generate", ...manifest, "--mesh", "kuma"),
      await run("map", ...manifest, "--contract", "none.yaml"),
      await run("generate", ...manifest, ...manifest),
      await run("generate", "--manifest"),
    ];
    expect(refused.map(({ code, out }) => [code, out])).toEqual(refused.map(() => [2, ""]));
    expect(refused.map(({ err }) => err.replaceAll("\n", " "))).toEqual([
      expect.stringContaining("--proxy-uid 1: The manifest gives the settings"),
      expect.stringContaining("linkerd.yaml:10: --mesh names kuma, and the manifest another mesh: linkerd"),
      expect.stringContaining("--manifest: A contract file replaces a mesh"),
      expect.stringContaining("--manifest: One manifest is enough"),
      expect.stringContaining("--manifest: The value is missing"),
    ]);
  });
});

test("every command that takes a mesh's settings takes a manifest", async () => {
  const ended = [
    await run("verify", "--manifest", "linkerd.yaml", "--sandbox", "simulated"),
    await run("prove", "--manifest", "linkerd.yaml", "--family", "4"),
    await run("map", "--manifest", "linkerd.yaml", "--family", "4"),
    await run("explain", "app -> upstream:5432", "--manifest", "linkerd.yaml"),
    await run("mutate", "--manifest", "linkerd.yaml", "--family", "6", "--sandbox", "simulated"),
  ];
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
  expect(ended[3]?.out).toContain("upstream:5432");
  for (const { err } of ended) expect(err).toContain("Pod web-1 is in the mesh linkerd");
});

test("the command in docs/manifests.md reads standard input", () => {
  const document = readFileSync(join(import.meta.dirname, "../../../docs/manifests.md"), "utf8");
  const [, words = ""] = /^kubectl get pod web-1 -o yaml \| landfall (.*)$/m.exec(document) ?? [];
  const main = join(import.meta.dirname, "../../../harness/cli/main.ts");
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--conditions=landfall-source", "--no-warnings", main, ...words.split(" ")],
    { input: read("linkerd.yaml"), encoding: "utf8" },
  );
  expect({ status, stderr }).toMatchObject({
    status: 0,
    stderr: expect.stringContaining("standard input:10: Pod web-1"),
  });
});

describe("the annotations of a mesh", () => {
  test.each(MESHES.map((mesh) => [mesh.name, mesh] as const))("are in its document: %s", (name, { manifest }) => {
    const text = readFileSync(join(import.meta.dirname, `../../../docs/meshes/${name}.md`), "utf8");
    const rows = (manifest?.annotations ?? []).map(
      (row) => `| \`${row.name}\` | ${row.setting === null ? "" : `\`${row.setting}\``} | ${row.help} |`,
    );
    const table = ["| annotation | setting | what it does |", "|---|---|---|", ...rows, ""].join("\n");
    expect(rows.length).toBeGreaterThan(2);
    expect(text).toContain(table);
  });

  test.each(MESHES.map((mesh) => [mesh.name, mesh] as const))(
    "are exactly those of its options: %s",
    (_, { manifest, options }) => {
      const settings = options.map(({ setting }) => setting);
      const rows = manifest?.annotations ?? [];
      for (const { setting } of rows) if (setting !== null) expect(settings).toContain(setting);
      const ofOptions = options.flatMap(({ annotation, setting }) =>
        annotation === null ? [] : [[annotation, setting]],
      );
      expect(rows.map((row) => [row.name, row.setting])).toEqual(expect.arrayContaining(ofOptions));
    },
  );
});

/** One finding must not hide the next: who mends a manifest wants to see everything that is wrong with it. */
describe("every contradiction of a manifest is told at once:", () => {
  const AS_ANOTHER = ["spec:\n", "spec:\n  securityContext: {runAsUser: 4242, runAsGroup: 4242}\n"] as const;
  test.each<[string, readonly (readonly [string, string])[], readonly RegExp[]]>([
    [
      "linkerd.yaml",
      [['skip-outbound-ports: "5432"', 'skip-outbound-ports: "5433"'], AS_ANOTHER],
      [/skip-outbound-ports says "5433"/, /The container linkerd-proxy runs as uid 4242/],
    ],
    [
      "istio.yaml",
      [
        ['excludeInboundPorts: "9100"', 'excludeInboundPorts: "9101"'],
        ["runAsUser: 1337", "runAsUser: 4242"],
        ["runAsGroup: 1337", "runAsGroup: 4242"],
      ],
      [/excludeInboundPorts says "9101"/, /The container istio-proxy runs as uid 4242/],
    ],
    [
      "istio-1.4.yaml",
      [['excludeOutboundPorts: "3306"', 'excludeOutboundPorts: "3307"'], AS_ANOTHER],
      [/excludeOutboundPorts says "3307"/, /The container istio-proxy runs as uid 4242/],
    ],
    [
      "kuma.yaml",
      [['exclude-inbound-ports: "7777"', 'exclude-inbound-ports: "7778"'], AS_ANOTHER],
      [/exclude-inbound-ports says "7778"/, /The container kuma-sidecar runs as uid 4242/],
    ],
    [
      "consul.json",
      [
        ['exclude-outbound-ports": "5432"', 'exclude-outbound-ports": "5433"'],
        ['"spec": {', '"spec": { "securityContext": { "runAsUser": 4242 },'],
      ],
      [/exclude-outbound-ports names 5433/, /The container consul-dataplane runs as uid 4242/],
    ],
  ])("%s", async (file, changes, says) => {
    const { code, err } = await generateChanged(file, ...changes);
    expect(code).toBe(2);
    for (const each of says) expect(err).toMatch(each);
  });
});
