import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { generate } from "../../../harness/cli/commands/generate.ts";
import { MESHES } from "../../../harness/meshes/meshes.ts";
import { runCommand } from "./run-command.ts";

describe("landfall meshes", () => {
  test("lists every mesh, the default first, with what it reproduces", async () => {
    const { code, out } = await runCommand("meshes");
    const names = out.split("\n").flatMap((line) => /^\S+/.exec(line)?.[0] ?? []);
    expect({ code, names }).toEqual({ code: 0, names: MESHES.map(({ name }) => name) });
    for (const { reproduces } of MESHES) expect(out).toContain(reproduces.commit?.slice(0, 12) ?? reproduces.version);
  });
  test.each(MESHES.map(({ name, options }) => [name, options] as const))(
    "lists the options of %s",
    async (name, options) => {
      const { code, out } = await runCommand("meshes", name);
      expect(code).toBe(0);
      for (const { flag } of options) if (flag !== null) expect(out).toContain(`--${flag}`);
      const json = await runCommand("meshes", name, "--json");
      expect(JSON.parse(json.out)).toMatchObject({
        meshes: [{ name, options: options.map(({ setting }) => ({ setting })) }],
      });
    },
  );
  test.each(MESHES.map(({ name, manifest }) => [name, manifest?.annotations ?? []] as const))(
    "lists the annotations of %s that a manifest may have",
    async (name, annotations) => {
      const { out } = await runCommand("meshes", name);
      const [, section = ""] = out.split(/^Annotations of pods.*:$/m);
      const rows = section
        .split("\n\n")[0]
        ?.match(/^ {2}\S+/gm)
        ?.map((row) => row.trim());
      expect(rows).toEqual(annotations.map((annotation) => annotation.name));
      const json = JSON.parse((await runCommand("meshes", name, "--json")).out);
      const listed = annotations.map((one) => ({ name: one.name, setting: one.setting, help: one.help }));
      expect(json.meshes[0].annotations).toEqual(listed);
    },
  );
  test("refuses an unknown mesh, and suggests the nearest name", async () => {
    const { code, err } = await runCommand("meshes", "linkrd");
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/no mesh "linkrd"; did you mean linkerd\?/) });
  });
});

describe("landfall generate --mesh", () => {
  test("takes its own options and the mesh's in any order", async () => {
    const words = [
      "--proxy-uid",
      "2103",
      "--mesh",
      "linkerd",
      "--format",
      "list",
      "--incoming-proxy-port=5143",
      "--outgoing-proxy-port",
      "4140",
    ];
    const { code, out } = await runCommand("generate", ...words);
    expect(code).toBe(0);
    expect(out).toMatch(/^-A PROXY_INIT_OUTPUT -m owner --uid-owner 2103 .*-j RETURN$/m);
    expect(out).toMatch(/^-A PROXY_INIT_REDIRECT -p tcp .*-j REDIRECT --to-ports 5143$/m);
  });
  test("works as its help shows", async () => {
    const { examples } = generate.help;
    const lines = examples.map(([line]) => line).filter((line) => line.includes("--mesh"));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect((await runCommand(...line.split(" ").slice(1))).code).toBe(0);
  });
  test("uses its tool's defaults without options, or what that tool needs, and refuses options that leave out a required one", async () => {
    for (const mesh of ["kuma", "istio", "istio-ambient"])
      expect((await runCommand("generate", "--mesh", mesh)).err).toContain(`the defaults of ${mesh}'s own tool`);
    expect((await runCommand("generate", "--mesh", "istio-ambient")).err).toContain(
      "(Without options, verify, prove, map, explain and mutate use the options that istio-ambient's own injector sets: --ambient-dns-capture ",
    );
    expect((await runCommand("generate", "--mesh", "kuma")).err).not.toContain("(Without options");
    expect((await runCommand("generate", "--mesh=linkerd")).err).toMatch(/linkerd's own injector sets: .*4143/);
    const { code, err } = await runCommand("generate", "--mesh=linkerd", "--proxy-uid", "2102");
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/has no default for it/) });
  });
  test.each([
    [
      "istio",
      /Without options, generate and apply use the defaults of istio's own tool. All other commands use .* -p /,
    ],
    ["linkerd", /Without options, apply refuses, as linkerd's own tool does. All other commands use .*4143/],
    ["kuma", /Without options, landfall uses the defaults of kuma's own tool\./],
  ])("says of %s what each command uses without options", async (mesh, said) => {
    expect((await runCommand("meshes", mesh)).out.replaceAll(/\n/g, " ")).toMatch(said);
  });
  test("other commands accept --mesh, too", async () => {
    expect((await runCommand("map", "--mesh=linkerd")).err).toMatch(/linkerd's own injector sets: .*4143/);
    expect((await runCommand("map", "--mesh", "consul")).err).toMatch(/consul's own injector sets: .*"5995"/);
  });
  test("accepts Istio 1.4 by its name, too", async () => {
    const named = await runCommand("generate", "--mesh", "istio-1.4", "-b", "*", "--json");
    const unnamed = await runCommand("generate", "-b", "*", "--json");
    expect(named).toEqual(unnamed);
  });
  test("reads the mesh's own configuration file, and the pod's resolvers", async () => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-mesh-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "config.json"), '{ "ProxyUserID": "5996", "ProxyInboundPort": 20001 }');
    writeFileSync(join(folder, "resolv.conf"), "search svc\nnameserver 192.0.2.53\n");
    const consul = await runCommand("generate", "--mesh", "consul", "--mesh-config", join(folder, "config.json"));
    expect(consul.out).toContain("--uid-owner 5996 -j RETURN");
    const kuma = await runCommand(
      ...["generate", "--mesh", "kuma", "--redirect-dns", "--resolv-conf", join(folder, "resolv.conf")],
    );
    expect(kuma.out).toContain("-d 192.0.2.53/32");
  });
  test.each(MESHES.map((mesh) => [mesh.name, mesh] as const))("prints the rules of %s as JSON", async (name, mesh) => {
    const { words, config } = mesh.injected;
    const folder = mkdtempSync(join(tmpdir(), "landfall-mesh-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "config"), config?.text ?? "");
    const file = config === null ? [] : ["--mesh-config", join(folder, "config")];
    const { code, out } = await runCommand("generate", "--mesh", name, ...words, ...file, "--json");
    expect(code).toBe(0);
    const { ip } = JSON.parse(out) as { ip: Record<string, readonly string[]> };
    expect(ip["nat"]?.some((line) => line.includes("REDIRECT"))).toBe(true);
  });
  test.each([
    ["nameserver 10.96.0.10\nnameserver 10.96.0\n", ':2:12: nameserver: "10.96.0" is not an address; '],
    ["apiVersion: v1\n", ": No line of this file is one of resolv.conf, such as nameserver 10.96.0.10; "],
    ["\u0000\ufffd\u0001", ": No line of this file is one of resolv.conf"],
  ])("refuses what is not a resolv.conf, or names no address: %j", async (text, finding) => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-mesh-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "resolv.conf");
    writeFileSync(file, text);
    const { code, err } = await runCommand("generate", "--mesh", "kuma", "--redirect-dns", "--resolv-conf", file);
    expect([code, err]).toEqual([2, expect.stringContaining(`${file}${finding}`)]);
  });
  test("takes a resolv.conf that names no server", async () => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-mesh-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const [i, text] of ["", "# none\n", "search svc.cluster.local\n"].entries()) {
      writeFileSync(join(folder, `${i}`), text);
      const { code } = await runCommand("generate", "--mesh", "kuma", "--resolv-conf", join(folder, `${i}`));
      expect([text, code]).toEqual([text, 0]);
    }
  });
  test("gives every finding at once: the command's, the mesh's and the files'", async () => {
    const { code, err } = await runCommand(
      ...["generate", "--mesh", "linkerd", "--format", "xml", "--proxy-uids", "5", "--pod-ip", "x"],
      ...["--resolv-conf", "/nowhere"],
    );
    expect(code).toBe(2);
    for (const place of ["--format", "--proxy-uids", "--pod-ip", "--resolv-conf"])
      expect(err).toContain(`\n  ${place}: `);
  });
});
