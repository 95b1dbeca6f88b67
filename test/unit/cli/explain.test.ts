import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-explain-"));
afterAll(() => rmSync(folder, { recursive: true }));

function rulesFile(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  const chains = ["INPUT", "FORWARD", "OUTPUT"]
    .filter((chain) => !lines.some((line) => line.startsWith(`:${chain} `)))
    .map((chain) => `:${chain} ACCEPT [0:0]`);
  writeFileSync(path, ["*filter", ...chains, ...lines, "COMMIT", ""].join("\n"));
  return path;
}

/** Which settings are used without flags, which is told elsewhere. */
const NO_FLAGS = /^landfall: no flag is given; .*\n/;

async function check(words: readonly string[], code: number, ...lines: readonly string[]): Promise<void> {
  const said = await runCommand("explain", ...words);
  expect({ code: said.code, text: said.out + said.err.replace(NO_FLAGS, "") }).toEqual({
    code,
    text: `${lines.join("\n")}\n`,
  });
}

describe("landfall explain", () => {
  test("prints each rule that a flow met, why it did not match, and the landing", () =>
    check(
      ["envoy -> upstream:80"],
      0,
      "It dials 10.244.0.2 -> 10.244.0.4:80, uid 1337, gid 1337.",
      "  SYN from 10.244.0.2 to 10.244.0.4",
      "    output: nat OUTPUT",
      "    *  1. -p tcp -j ISTIO_OUTPUT",
      "    output: nat ISTIO_OUTPUT",
      "       1. -s 127.0.0.6/32 -o lo -j RETURN",
      "          source 10.244.0.2 is not in 127.0.0.6/32",
      "       2. ! -d 127.0.0.1/32 -o lo -j ISTIO_IN_REDIRECT",
      "          output interface is eth0",
      "    *  3. -m owner --uid-owner 1337 -j RETURN",
      "",
      "envoy -> upstream:80 lands: upstream:80, from 10.244.0.2",
    ));

  test("asks for the flow, and refuses one that nobody can dial, before anything runs", async () => {
    const nothing = "landfall: The flow cannot be explained, and nothing was driven.";
    const missing = "  FLOW: The flow is missing; give one in quotes: 'client -> pod:8080'.";
    await check([], 2, nothing, missing);
    await check([" ", "--observe"], 2, nothing, missing);
    const link = '  FLOW: "vm -> pod:80" starts from vm, which exists only with -k; add -k with an interface.';
    await check(["vm -> pod:80", "--observe", "--sandbox", "netns"], 2, nothing, link);
  });

  test("says that a flow meets no rule of the pod, whether it enters the pod or not", async () => {
    const none = join(folder, "none");
    writeFileSync(none, "");
    for (const flow of ["app -> upstream:80", "client -> upstream:80"]) {
      const { out } = await runCommand("explain", "--rules", none, flow);
      expect(out.split("\n")[1]).toBe("  Its packets reach no rule in the pod.");
    }
  });

  test("names no port of an echo, which has none, at either end", async () => {
    for (const [flow, ends] of [
      ["app -> upstream/icmp", "10.244.0.2 -> 10.244.0.4"],
      ["app -> upstream6/icmp", "[fd00:244::2] -> [fd00:244::4]"],
    ] as const) {
      const { out } = await runCommand("explain", "--pod-ip", "10.244.0.2,fd00:244::2", flow);
      expect(out.split("\n")[0]).toBe(`It dials ${ends}, uid 1000, gid 1000.`);
    }
  });

  test("follows the connection that the stub dials on", async () => {
    const { out } = await runCommand("explain", "--forward", "client -> pod:8080");
    expect(out.split("\n").filter((line) => /^\S/.test(line))).toEqual([
      "It dials 10.244.0.3 -> 10.244.0.2:8080, uid 0, gid 0.",
      "Then the stub Envoy dials 127.0.0.6 -> 10.244.0.2:8080, uid 1337, gid 1337.",
      "client -> pod:8080 lands: app:8080 via envoy-inbound, from 127.0.0.6",
    ]);
  });

  test("shows a later packet that rules stop, and the policy that does it", () =>
    check(
      ["--rules", rulesFile("drop", ":OUTPUT DROP [0:0]", "-A OUTPUT -d 10.244.0.4/32 -j ACCEPT"), "client -> pod:22"],
      0,
      "It dials 10.244.0.3 -> 10.244.0.2:22, uid 0, gid 0.",
      "  SYN from 10.244.0.3 to 10.244.0.2",
      "    no rule reached",
      "  SYN-ACK from 10.244.0.2 to 10.244.0.3",
      "    output: filter OUTPUT",
      "       1. -d 10.244.0.4/32 -j ACCEPT",
      "          destination 10.244.0.3 is not in 10.244.0.4/32",
      "    filter OUTPUT: the policy drops it",
      "",
      "client -> pod:22 lands: timed-out",
    ));

  test("says what the landing depends on if a match is not understood", () =>
    check(
      ["--rules", rulesFile("unknown", "-A INPUT -m limit --limit 5/min -j DROP"), "client -> pod:22"],
      3,
      "It dials 10.244.0.3 -> 10.244.0.2:22, uid 0, gid 0.",
      "  SYN from 10.244.0.3 to 10.244.0.2",
      "    input: filter INPUT",
      "    ?  1. -m limit --limit 5/min -j DROP",
      "          followed as if -m limit --limit 5/min held",
      "",
      "client -> pod:22: unknown, because it depends on -m limit --limit 5/min",
      "It lands on one of these:",
      "  - timed-out",
      "  - unanswered",
      "  - app:22, from 10.244.0.3",
      "If you know what -m limit --limit 5/min does, add --assume '-m limit --limit 5/min=holds' or",
      "  --assume '-m limit --limit 5/min=fails'.",
    ));

  test("prints JSON that matches its schema", async () => {
    const ajv = new Ajv2020({ schemas: [JSON.parse(readFileSync("schemas/parts.json", "utf8"))] });
    const isValid = ajv.compile(JSON.parse(readFileSync("schemas/explain.json", "utf8")));
    const data = JSON.parse((await runCommand("explain", "--json", "app -> upstream:80")).out);
    expect({ valid: isValid(data), errors: isValid.errors }).toEqual({ valid: true, errors: null });
    expect(data.flow.flow).toBe("app -> upstream:80");
    expect(data.landing).toMatchObject({ kind: "listener", listener: "envoy-outbound", port: 15001 });
    expect(data.steps.at(-1)).toMatchObject({ hook: "output", table: "nat", chain: "ISTIO_REDIRECT", index: 1 });
    expect(data.steps.at(-1)).toMatchObject({ matched: true, verdict: "redirect", why: null });
  });

  test("shows what the kernel counted, and that the kernel landed the flow in the same place", async () => {
    const { code, out } = await runCommand("explain", "--observe", "--sandbox", "netns", "envoy -> upstream:80");
    expect(code).toBe(0);
    expect(out).toContain("    *  3. -m owner --uid-owner 1337 -j RETURN  [the kernel counted 1]\n");
    expect(out).toContain("       2. ! -d 127.0.0.1/32 -o lo -j ISTIO_IN_REDIRECT  [the kernel counted 0]\n");
    expect(out).toMatch(/\nIn the kernel: upstream:80, from 10\.244\.0\.2:\d+\n$/);
  });

  test.each([
    ["an invalid FLOW", ["app -> pod"], "TARGET:PORT"],
    ["rules of the other family only", ["--rules6", rulesFile("six"), "app -> pod:1"], "give --rules as well"],
    ["a file that is not there", ["--rules", "no-such-file", "app -> pod:1"], "There is no such file."],
  ])("refuses %s", async (_, words, message) => {
    const { code, out, err } = await runCommand("explain", ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });
});
