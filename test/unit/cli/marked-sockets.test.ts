import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-marks-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const nat = (...rules: readonly string[]) => `*nat\n:OUTPUT ACCEPT [0:0]\n${rules.join("\n")}\nCOMMIT\n`;
const REDIRECT = "-A OUTPUT -p tcp ! -o lo -j REDIRECT --to-ports 15001";
const rules = write("rules.txt", nat("-A OUTPUT -p tcp -m mark --mark 0x1 -j RETURN", REDIRECT));
const without = write("without.txt", nat(REDIRECT));

describe("flows that are asked about by the marks of their sockets", () => {
  test.each([
    ["mark=0x1", "upstream"],
    ["mark=0", "envoy-outbound"],
    ["mark=0x2-0x5", "envoy-outbound"],
  ])("are those of map --within alone: %s", async (who, listener) => {
    const { code, out } = await runCommand("map", "--rules", rules, "--within", `${who} -> upstream:80`, "--json");
    const { classes } = JSON.parse(out) as { classes: { landing: { listener: string } }[] };
    expect(code).toBe(0);
    expect([...new Set(classes.map(({ landing }) => landing.listener))]).toEqual([listener]);
  });

  test.each([
    ["mark=0x1", 1],
    ["mark=0", 0],
    ["mark=0x2-0x5", 0],
  ])("are those of diff --within alone: %s", async (who, wanted) => {
    expect((await runCommand("diff", rules, without, "--within", `${who} -> upstream:80`)).code).toBe(wanted);
  });

  test.each([
    ["mark=0x1", "as dialled", "holds"],
    ["mark=0x1", "envoy-outbound", "does not hold"],
    ["mark=0", "envoy-outbound", "holds"],
    ["mark=0", "as dialled", "does not hold"],
    ["mark=0x2-0x5", "envoy-outbound", "holds"],
    ["mark=0x0-0x1", "envoy-outbound", "does not hold"],
  ])("are those of a property alone: %s lands %s", async (who, lands, verdict) => {
    const file = write("own.json", JSON.stringify([{ name: "own", flows: `${who} -> upstream:80`, lands }]));
    const { out } = await runCommand("prove", "--rules", rules, "--properties", file, "--only", "own");
    expect(out).toMatch(new RegExp(`^own ${verdict}`, "m"));
  });

  test("share one row if every mark has the same landing", async () => {
    const onlyNear = nat("-A OUTPUT -d 10.0.0.0/9 -m mark --mark 0x1 -j RETURN", REDIRECT);
    const file = write("near.txt", onlyNear);
    const { out } = await runCommand("map", "--rules", file, "--within", "app -> 192.168.0.0/16:80", "--json");
    const { classes } = JSON.parse(out) as { classes: { witness: { flow: string } }[] };
    expect(classes.map(({ witness }) => witness.flow)).toEqual(["app -> 192.168.0.0:80"]);
  });

  test("are refused if there are too many marks to look at each", async () => {
    const { code, err } = await runCommand("map", "--rules", rules, "--within", "mark=0x1-0xffff -> upstream:80");
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/at most 64 marks/) });
  });
});

test("where a mark leads to a local route, an IPv6 socket has the address of the pod's that is nearest to what it dials", async () => {
  const settings = ["--mesh", "istio-ambient", "--ambient-ipv6", "--reroute-virtual-interfaces", "tap0"];
  const flow = "app,mark=0x111 -> upstream6:80";
  const { out: near } = await runCommand("explain", flow, ...settings);
  expect(near).toContain("from fd00:244::2");
  const { out: far } = await runCommand("explain", flow, ...settings, "--pod-ip", "10.42.0.12,fd00:42::12");
  expect(far).toContain("from fd00:245::3");
});
