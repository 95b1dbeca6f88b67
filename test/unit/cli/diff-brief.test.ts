import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-brief-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...words: readonly string[]) {
  return runCommandIn({ workingDirectory: folder }, ...words);
}

const whole = (await run("generate", "-u", "1337", "-b", "*", "-i", "*", "-d", "15020", "--format", "save")).out;

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const seed = write("seed.txt", whole);

describe("diff", () => {
  test("reports one changed port in less than twenty lines: the rules that differ, and one line per class", async () => {
    const { code, out } = await run("diff", seed, write("port.txt", whole.replace("15006", "15007")));
    expect(code).toBe(1);
    expect(out.split("\n").length).toBeLessThan(20);
    expect(out).toMatch(/^Rules: 1 changed\n {2}- nat ISTIO_IN_REDIRECT 1 \(seed\.txt:\d+\): -A/);
    expect(out).toMatch(/^ {2}\+ nat ISTIO_IN_REDIRECT 1 \(port\.txt:\d+\): -A/m);
    const rows = out.split("\n").filter((line) => / {2}envoy-inbound:15006 {2}/.test(line));
    expect(rows.map((line) => line.trimEnd().replaceAll(/ {2,}/g, " | "))).toEqual([
      "pod → itself | all | envoy-inbound:15006 | refused",
      "pod → loopback | to not 127.0.0.1 | envoy-inbound:15006 | refused",
      "outside → pod | port not 22, 15007, 15020 | envoy-inbound:15006 | refused",
      " | port 15007 | envoy-inbound:15006 | as dialled",
    ]);
  });
  test("names rules that were added, removed and moved, and policies", async () => {
    const lines = whole.split("\n");
    const at = lines.findIndex((line) => line.includes("--uid-owner 1337"));
    const moved = lines.toSpliced(at, 1).toSpliced(at + 2, 0, lines[at] ?? "");
    const text = moved.join("\n").replace(/\*nat/, "*filter\n:INPUT DROP [0:0]\nCOMMIT\n*nat");
    const { out } = await run("diff", seed, write("moved.txt", text));
    expect(out).toMatch(/^Rules: 2 added, 1 removed$/m);
    expect(out).toMatch(/^ {2}\+ filter INPUT 0: -P INPUT DROP$/m);
    expect(out).toMatch(/^ {2}- nat ISTIO_OUTPUT 3 \(seed\.txt:\d+\): -A ISTIO_OUTPUT -m owner --uid-owner 1337/m);
  });
  test("does not mention rules in another order if no flow lands elsewhere", async () => {
    const swapped = whole.replace(/(.*--uid-owner 1337 -j RETURN\n)(.*--gid-owner 1337 -j RETURN\n)/, "$2$1");
    expect(swapped).not.toBe(whole);
    const { out } = await run("diff", seed, write("order.txt", swapped));
    expect(out).toMatch(/^No TCP flow lands differently\.\nSockets .* are not compared\.\n$/);
  });
});

describe("prove", () => {
  test("gives the rules of a counterexample, and a command that explains it", async () => {
    const name = write("uid.txt", whole.replace(/^.*--uid-owner 1337 -j RETURN\n/m, ""));
    const words = ["-u", "1337", "-b", "*", "-i", "*", "-d", "15020", "--rules", name];
    const { out } = await run("prove", ...words);
    expect(out).toMatch(/^ {2}rule {5}nat ISTIO_REDIRECT 1 \(uid\.txt:\d+\): -A ISTIO_REDIRECT/m);
    const [, command = ""] = /^ {2}explain {2}landfall (.*)$/m.exec(out) ?? [];
    expect(command).toBe("explain 'uid=1337,gid=1000 -> upstream:8080' -u 1337 -b '*' -i '*' -d 15020 --rules uid.txt");
    const explained = await run(
      ...command.split(/ (?=(?:[^']*'[^']*')*[^']*$)/).map((word) => word.replaceAll("'", "")),
    );
    expect(explained.out).toMatch(/lands: envoy-outbound:15001/);
  });
});
