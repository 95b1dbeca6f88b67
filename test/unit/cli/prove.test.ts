import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SEED_WORDS } from "../../../harness/meshes/istio-1.4/seed.ts";
import { SEED } from "../analysis/seed.ts";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-prove-"));
afterAll(() => rmSync(folder, { recursive: true }));

function save(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const broken = save("broken.rules", SEED.replace("--uid-owner 1337", "--uid-owner 1338"));
const looping = save("looping.rules", SEED.replace(/.*127\.0\.0\.6.*\n/, ""));
const OBSERVE = ["--observe", "--sandbox", "netns"];

/** Of one result, each flow with what the kernel made of it. */
function listVerdicts({ counterexample, exceptions }: ReturnType<typeof JSON.parse>): readonly unknown[] {
  const seen = exceptions.map((each: ReturnType<typeof JSON.parse>) => [each.flow.flow, each.observed.verdict]);
  return counterexample ? [[counterexample.flow, counterexample.observed.verdict], ...seen] : seen;
}

describe("landfall prove", () => {
  test("proves the seed command's guarantees", async () => {
    const { code, out } = await runCommand("prove");
    expect(code).toBe(0);
    expect(out.match(/^\S+ holds \([1-9]\d* classes checked\)$/gm)?.map((line) => line.split(" ")[0])).toEqual([
      "no-uid-loop",
      "inbound-captured",
      "outbound-captured",
      "exclusions-untouched",
      "loopback-untouched",
    ]);
    expect(out).toMatch(/^Every TCP flow that can reach the rules is checked, but for those of sockets/m);
  });
  test("says which family it does not prove", async () => {
    const { err } = await runCommand("prove", ...SEED_WORDS, "--rules", save("seed.rules", SEED));
    expect(err).toBe("landfall: IPv6 is not analysed: no file contains rules for it.\n");
  });
  test("gives a counterexample against user-supplied rules, and ends with 1", async () => {
    const { code, out } = await runCommand("prove", "--rules", broken, "--json");
    const [noLoop] = JSON.parse(out).properties;
    expect([code, complainBySchema("prove", JSON.parse(out))]).toEqual([1, []]);
    expect(noLoop).toMatchObject({
      name: "no-uid-loop",
      holds: false,
      counterexample: {
        flow: "uid=1337,gid=1000 -> upstream:8080",
        manner: "answer",
        landing: { listener: "envoy-outbound", port: 15001 },
        assumed: {},
      },
    });
    expect(noLoop.counterexample).not.toHaveProperty("observed");
  });
  test("says under which answer of an unknown match a counterexample holds", async () => {
    const guarded = save("guarded.rules", SEED.replace(/-m owner --\wid-owner/g, "-m recent --rcheck $&"));
    const { code, out } = await runCommand("prove", "--rules", guarded);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^ {2}flow {5}envoy -> upstream:8080, where the proxy forwards\n {2}landing {2}loop envoy-outbound, [^w]*\n {2}where {4}-m recent --rcheck \(asked at place 2\) fails\n {2}where {4}-m recent --rcheck fails$/m,
    );
  });
  test("ends with 3 when its budget runs out, and proves a part asked about alone with the same budget", async () => {
    const few = await runCommand("prove", "--budget", "2000");
    expect(few).toMatchObject({ code: 3, out: "", err: expect.stringContaining("--within") });
    const { code, out } = await runCommand("prove", "--budget", "2000", "--within", "envoy -> 10.0.0.0/8:443");
    expect(code).toBe(0);
    expect(out).toMatch(
      /^Only for the flows envoy -> 10\.0\.0\.0\/8:443:\nno-uid-loop holds \(\d+ classes checked\)\n/,
    );
    expect(out).toMatch(/\ninbound-captured holds \(\d+ classes checked\)\noutbound-captured concerns no flow\n/);
  });
});

describe("landfall prove and the settings it is given", () => {
  const ranges = ["-u", "1337", "-b", "*", "-i", "*"];
  const seed = save("seed-without-exclusions.rules", SEED);
  test("judges an excluded range that nobody in the sandbox owns", async () => {
    const asked = ["--only", "exclusions-untouched", "--json"];
    const { code, out } = await runCommand("prove", ...ranges, "-x", "192.168.0.0/16", "--rules", seed, ...asked);
    const [property] = JSON.parse(out).properties;
    expect([code, complainBySchema("prove", JSON.parse(out))]).toEqual([1, []]);
    expect(property).toMatchObject({
      holds: false,
      unjudged: [],
      counterexample: { flow: "app -> 192.168.0.0:8080", landing: { listener: "envoy-outbound" } },
    });
    expect(property.classes).toBeGreaterThan(1);
  });
  test("has the kernel confirm that such a range is captured", async () => {
    const asked = ["--only", "exclusions-untouched", ...OBSERVE];
    const { out } = await runCommand("prove", ...ranges, "-x", "192.168.0.0/16", "--rules", seed, ...asked);
    expect(out).toMatch(/^ {2}kernel {3}confirmed: envoy-outbound:15001, dialled 192\.168\.0\.0:8080,/m);
  });
  test("does not claim that an exclusion holds if no flow was judged by it, even if others were", async () => {
    const flags = [...ranges, "-x", "192.168.0.0/16,224.0.0.0/4", "--only", "exclusions-untouched"];
    const { code, out } = await runCommand("prove", ...flags, "--json");
    expect(code).toBe(3);
    expect(JSON.parse(out).properties).toMatchObject([
      { holds: false, unjudged: ["-x 224.0.0.0/4"], counterexample: null },
    ]);
    expect((await runCommand("prove", ...flags)).out).toMatch(
      /^exclusions-untouched is not known to hold: no TCP flow that can reach the rules concerns -x\n {2}224\.0\.0\.0\/4 /,
    );
  });
  test("proves only the properties that --only names, also the user's own", async () => {
    const file = save(
      "only.json",
      JSON.stringify([{ name: "no-ssh", flows: "app -> upstream:22", never: "as dialled" }]),
    );
    const { code, out } = await runCommand(
      "prove",
      "--rules",
      broken,
      "--properties",
      file,
      "--only",
      "no-ssh",
      "--json",
    );
    expect([code, JSON.parse(out).properties.map(({ name }: { name: string }) => name)]).toEqual([0, ["no-ssh"]]);
    const two = await runCommand("prove", "--only", "loopback-untouched,inbound-captured", "--json");
    expect(JSON.parse(two.out).properties).toMatchObject([
      { name: "inbound-captured" },
      { name: "loopback-untouched" },
    ]);
  });
  test("refuses every name of --only that is not a property, and suggests the nearest", async () => {
    const { code, err } = await runCommand("prove", "--only", "no-uid-lop,inbound-captured", "--only", "x");
    expect(code).toBe(2);
    expect(err).toMatch(/--only: "no-uid-lop" is not a property\. Did you mean no-uid-loop\?\n/);
    expect(err).toMatch(/--only: "x" is not a property\. There are no-uid-loop, /);
  });
});

describe("landfall prove --observe", () => {
  test("has every exception of both families confirmed by the kernel", async () => {
    const { code, out } = await runCommand("prove", "--json", ...OBSERVE);
    const data = JSON.parse(out);
    expect([code, complainBySchema("prove", data)]).toEqual([0, []]);
    expect(data.properties.flatMap(listVerdicts)).toEqual([
      ["envoy -> localhost:15001", "confirmed"],
      ["envoy -> localhost:15006", "confirmed"],
      ["envoy -> pod:15001", "confirmed"],
      ["envoy -> pod:8080", "confirmed"],
      ["envoy -> localhost6:15001", "confirmed"],
      ["envoy -> localhost6:15006", "confirmed"],
    ]);
  });
  test("confirms a loop on the kernel, with a stub that forwards", async () => {
    const { code, out } = await runCommand("prove", "--rules", looping, "--json", ...OBSERVE);
    const [noLoop] = JSON.parse(out).properties;
    expect(code).toBe(1);
    expect(noLoop.counterexample).toMatchObject({ flow: "envoy -> pod:8080", manner: "forward" });
    expect(noLoop.counterexample.observed).toMatchObject({
      verdict: "confirmed",
      landing: { kind: "loop", hops: Array.from({ length: 8 }, () => ({ listener: "envoy-inbound" })) },
    });
  });
  test("ends with 3 and reports its own defect if the kernel lands an exception elsewhere", async () => {
    // By the manual this never matches; iptables-nft 1.8.9 makes one comparison of two negated ports, and it does (docs/kernel.md).
    const twisted =
      "-A OUTPUT -d 127.0.0.1/32 -p tcp -m tcp ! --sport 1 ! --dport 15001 -m multiport --dports 15001 -j REDIRECT --to-ports 15006";
    const rules = save("twisted.rules", SEED.replace("-A OUTPUT", `${twisted}\n-A OUTPUT`));
    const { code, out } = await runCommand("prove", "--rules", rules, ...OBSERVE);
    expect(code).toBe(3);
    expect(out).not.toContain("does not hold");
    expect(out.replaceAll(/\s+/g, " ")).toContain(
      "envoy -> localhost:15001 envoy-outbound:15001, from 127.0.0.1 [contradicted: envoy-inbound:15006, dialled 127.0.0.1:15001,",
    );
    expect(out).toMatch(/\nIt contradicts 1\. This is a defect of landfall itself; please report it\.\n$/);
  });
  test("prints what the kernel observed, and how much of it was confirmed", async () => {
    const { out } = await runCommand("prove", "--rules", broken, ...OBSERVE);
    expect(out).toMatch(
      /^ {2}kernel {3}confirmed: envoy-outbound:15001, dialled 10\.244\.0\.4:8080, from 10\.244\.0\.2:\d+$/m,
    );
    expect(out).toMatch(/^ {4}envoy -> localhost:15001 .* \[confirmed\]$/m);
    expect(out).toMatch(/\nThe kernel confirms 6 of 6 flows\.\n$/);
  });
});

describe("landfall prove --properties", () => {
  const list = (...properties: readonly object[]) => save("own.json", JSON.stringify(properties));
  const direct = { name: "db-direct", flows: "app -> 10.20.0.0/16:3306", lands: "upstream" };
  test("proves a user's property along with the others, or gives a counterexample that the kernel confirms", async () => {
    const file = list(direct, { name: "db-captured", flows: direct.flows, never: "as dialled" });
    const { code, out } = await runCommand("prove", "--properties", file, "--json", ...OBSERVE);
    const data = JSON.parse(out);
    expect([code, complainBySchema("prove", data)]).toEqual([1, []]);
    expect(data.properties.slice(-2)).toMatchObject([
      {
        name: "db-direct",
        holds: false,
        counterexample: { flow: "app -> 10.20.0.0:3306", observed: { verdict: "confirmed" } },
      },
      { name: "db-captured", holds: true, exceptions: [], counterexample: null },
    ]);
    expect(
      (await runCommand("prove", "--properties", file, "-u", "1337", "-i", "*", "-x", "10.20.0.0/16")).out,
    ).toMatch(
      /^db-direct holds \(\d+ class(?:es)? checked\)\ndb-captured does not hold \(\d+ class(?:es)? checked\)\n {2}flow {5}app -> 10\.20\.0\.0:3306$/m,
    );
  });
  test("refuses a file with every finding, its property and field, and proves nothing", async () => {
    const file = list(
      { name: "Own", flows: "app > x", never: "nowhere" },
      { name: "a", flow: "app -> pod:1" },
      7 as never,
    );
    const { code, out, err } = await runCommand("prove", "--properties", file, "--json");
    const { error } = JSON.parse(out);
    expect([code, complainBySchema("error", JSON.parse(out))]).toEqual([2, []]);
    expect(error.findings.map(({ where }: { where: string }) => where.replace(`${file}: `, "")).sort()).toEqual([
      "[0].flows",
      "[0].name",
      "[0].never",
      "[1]",
      "[1].flow",
      "[1].flows",
      "[2]",
    ]);
    expect(err).toMatch(/^landfall: The properties cannot be used \(7 findings\)\.$/m);
  });
  test.each<[string, () => string, RegExp]>([
    ["that is not there", () => join(folder, "nope.json"), /nope\.json: There is no such file\./],
    ["that is a module and not there", () => join(folder, "nope.mjs"), /nope\.mjs: There is no such file\./],
    [
      "that is not JSON, with line and column",
      () => save("no.json", '[\n{"name": 1,}]'),
      /no\.json:2:12: This is not JSON/,
    ],
    ["that is not a list", () => save("object.json", "{}"), /object\.json: This is not a list of properties/],
    ["that exports nothing", () => save("empty.mjs", ""), /empty\.mjs: This is not a list of properties/],
    [
      "with a property of no flow at all",
      () => list({ ...direct, flows: "app -> 224.0.0.1:80" }),
      /db-direct: None of its flows/,
    ],
    [
      "with a claim about a family that is not tested",
      () => list({ ...direct, flows: "app6 -> upstream6:80" }),
      /db-direct: None of its flows/,
    ],
  ])("refuses a file %s", async (_, file, message) => {
    const { code, err } = await runCommand("prove", "--properties", file(), "--rules", broken);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    if (!String(message).includes("None of its flows")) return;
    const { out } = await runCommand("prove", "--properties", file(), "--rules", broken, "--json");
    expect(JSON.parse(out)).toMatchObject({ error: { findings: [{ code: "nothing-asked" }] } });
  });
});

describe("landfall map", () => {
  test("gives every class with a witness and its landing", async () => {
    const { code, out } = await runCommand("map", "--json");
    const data = JSON.parse(out);
    expect(code).toBe(0);
    expect(Object.keys(data)).toEqual(["formatVersion", "protocols", "classes"]);
    expect(data.classes[0]).toMatchObject({
      witness: { flow: "app -> upstream:8080" },
      landing: { kind: "listener", port: 15001 },
    });
  });
  test("shows both families, and for a file only its own", async () => {
    expect((await runCommand("map")).out).toMatch(/^IPv6 outside → pod /m);
    expect((await runCommand("map", "--rules", broken)).out).not.toMatch(/IPv6/);
  });
});
