import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-required-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FLAGS = ["-u", "1337", "-b", "*", "-i", "*"];
const ONE_FLOW = ["--flows", "client -> pod:8080"];

async function verify(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { out } = await runCommandIn(
    { workingDirectory: folder, environment },
    "verify",
    ...words,
    "--sandbox",
    "simulated",
  );
  return out;
}

function read(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

/** What the end of the output says of who requires it. */
async function tellRequired(words: readonly string[], environment?: Readonly<Record<string, string>>) {
  const out = await verify(words, environment);
  const [told = ""] = out.slice(out.indexOf("Required by")).split(/\n(?=\S)/);
  return told.replaceAll(/\s+/g, " ").trim();
}

describe("what a verdict was judged by", () => {
  test("are the options as typed, beside the verdict in every report", async () => {
    const words = [
      ...FLAGS,
      ...ONE_FLOW,
      "--report",
      "r.md",
      "--report",
      "r.html",
      "--report",
      "r.json",
      "--report",
      "r.xml",
      "--quiet",
    ];
    expect(await tellRequired(words)).toBe("Required by --mesh istio-1.4 -u 1337 -b '*' -i '*'");
    expect(read("r.md")).toMatch(/^Required by `--mesh istio-1\.4 -u 1337 -b '\*' -i '\*'`\.$/m);
    expect(read("r.html")).toContain("Required by <code>--mesh istio-1.4 -u 1337 -b &#39;*&#39; -i &#39;*&#39;</code>");
    expect(read("r.xml")).toContain(`<property name="Required by" value="--mesh istio-1.4 -u 1337 -b '*' -i '*'"/>`);
    const report = JSON.parse(read("r.json"));
    expect(complainBySchema("report", report)).toEqual([]);
    expect(report.scenarios[0].requiredBy).toEqual({
      kind: "settings",
      text: "--mesh istio-1.4 -u 1337 -b '*' -i '*'",
    });
  });
  test("are the injector's where none was typed", async () => {
    expect(await tellRequired(["--mesh", "linkerd", ...ONE_FLOW])).toMatch(
      /^Required by --mesh linkerd --incoming-proxy-port 4143 .* --proxy-uid 2102/,
    );
  });
  test("are named with the variables that set something, and with landfall's own options", async () => {
    expect(await tellRequired([...FLAGS, ...ONE_FLOW], { ENVOY_PORT: "15005" })).toBe(
      "Required by --mesh istio-1.4 -u 1337 -b '*' -i '*', and the variable ENVOY_PORT",
    );
    expect(await tellRequired(["--mesh", "istio", ...FLAGS, "--pod-ip", "10.244.0.2", "--strict", ...ONE_FLOW])).toBe(
      "Required by --mesh istio -u 1337 -b '*' -i '*' --pod-ip 10.244.0.2 --strict",
    );
  });
  test("are short where a list is long", async () => {
    const ports = Array.from({ length: 40 }, (_, i) => 7000 + i).join(",");
    expect(await tellRequired([...FLAGS, "-d", ports, ...ONE_FLOW])).toMatch(
      /^Required by --mesh istio-1\.4 -u 1337 -b '\*' -i '\*' -d 7000,7001,[\d,]+…$/,
    );
  });
  test("is a contract by its file", async () => {
    const clauses = [{ name: "open", says: "Anything may leave.", flows: "uid=* -> elsewhere:*", must: "as-dialled" }];
    writeFileSync(join(folder, "gate.json"), JSON.stringify({ version: 1, clauses }));
    writeFileSync(join(folder, "none.txt"), "*nat\nCOMMIT\n");
    const words = ["--contract", "gate.json", "--rules", "none.txt", "--flows", "app -> upstream:80"];
    expect(await tellRequired(words)).toBe("Required by the contract gate.json");
  });
  test("is a pod's manifest with the settings that it gives", async () => {
    const manifest = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web", annotations: { "linkerd.io/inject": "enabled" } },
      spec: {
        containers: [{ name: "web" }],
        initContainers: [
          {
            name: "linkerd-init",
            args: ["--incoming-proxy-port", "4143", "--outgoing-proxy-port", "4140", "--proxy-uid", "2102"],
          },
        ],
      },
    };
    writeFileSync(join(folder, "pod.json"), JSON.stringify(manifest));
    expect(await tellRequired(["--manifest", "pod.json", ...ONE_FLOW])).toMatch(
      /^Required by pod\.json: --mesh linkerd --incoming-proxy-port 4143/,
    );
    const { metadata, spec } = manifest;
    const annotations = { "ambient.istio.io/redirection": "enabled", "ambient.istio.io/dns-capture": "false" };
    const ambient = { ...manifest, metadata: { ...metadata, annotations }, spec: { containers: spec.containers } };
    writeFileSync(join(folder, "ambient.json"), JSON.stringify(ambient));
    expect(await tellRequired(["--manifest", "ambient.json", "--strict", ...ONE_FLOW])).toBe(
      "Required by ambient.json: --mesh istio-ambient --strict, with the settings of its annotations",
    );
  });
  test("is the scenario itself, with the settings of its pod; of several each that failed names its own", async () => {
    const scenario = { claim: "c", capture: FLAGS, answer: { "client -> pod:8080": "app:8080" } };
    for (const name of ["one", "two"])
      writeFileSync(
        join(folder, `${name}.mjs`),
        `export default ${JSON.stringify({ ...scenario, name, capture: [...FLAGS, "-d", name === "one" ? "81" : "82"] })};\n`,
      );
    const text = (port: number) =>
      `Required by the scenario, with the settings --mesh istio-1.4 -u 1337 -b '*' -i '*' -d ${port}`;
    expect(await tellRequired(["one.mjs"])).toBe(text(81));
    const out = (await verify(["one.mjs", "two.mjs", "--report", "s.html", "--report", "s.md"])).replaceAll(
      /\s+/g,
      " ",
    );
    expect(out).toContain(`one: c ${text(81)} `);
    expect(out).toContain(`two: c ${text(82)} `);
    expect(out.match(/Required by/g)).toHaveLength(2);
    expect(read("s.html").match(/class="required"/g)).toHaveLength(2);
    expect(read("s.md").match(/^Required by the scenario/gm)).toHaveLength(2);
  });
});
