import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-surroundings-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, ...lines: readonly string[]): string {
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
  return join(folder, name);
}

const TPROXY = write(
  "tproxy.rules",
  "*mangle",
  "-A PREROUTING -p tcp -m tcp --dport 8080 -j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff",
  "COMMIT",
);
// What leaves is brought in again by an ip rule, and only then by TPROXY to the proxy.
const MARKED = write(
  "marked.rules",
  "*mangle",
  "-A OUTPUT -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x1/0xffffffff",
  "-A PREROUTING -p tcp -m mark --mark 0x1 -j TPROXY --on-port 15001 --on-ip 127.0.0.1 --tproxy-mark 0x2/0x2",
  "COMMIT",
);
const RULES = ["0: from all lookup local", "32766: from all lookup main", "32767: from all lookup default"];
const ROUTING = write(
  "routing.txt",
  ...RULES.toSpliced(1, 0, "100: from all to 10.0.0.0/8 fwmark 0x1 lookup 7"),
  "local default dev lo table 7 scope host",
);
const NO_ROUTING = write("none.txt", ...RULES);
const SETS = write("sets.txt", "create own hash:ip family inet", "add own 10.244.0.3");
const ASKS = write("asks.rules", "*filter", "-A INPUT -p tcp -m set ! --match-set own src -j DROP", "COMMIT");

/** Gives where each of the map's classes of some lane lands, without doubles. */
async function map(lane: RegExp, ...words: readonly string[]) {
  const { out, err } = await runCommand("map", "--json", "--family", "4", ...words);
  const classes: readonly {
    readonly class: string;
    readonly landing: { readonly kind: string; readonly listener: string };
  }[] = JSON.parse(out).classes;
  const landings = classes
    .filter((one) => lane.test(one.class))
    .map(({ landing }) => `${landing.kind} ${landing.listener}`);
  return { landings: [...new Set(landings)].sort(), err };
}

test("TPROXY without settings leads to transparent listeners by routing that counts as there, and that is said", async () => {
  const { landings, err } = await map(/^from outside/, "--rules", TPROXY, "--within", "client -> pod:8080");
  expect(landings).toEqual(["listener envoy-outbound"]);
  expect(err).toMatch(/TPROXY, so the transparent listeners and the routes for the mark 0x539 count as installed/);
});

test("what the pod's own routing says takes the place of what TPROXY needs", async () => {
  const { err } = await map(
    /^from outside/,
    "--rules",
    TPROXY,
    "--routing",
    NO_ROUTING,
    "--within",
    "client -> pod:8080",
  );
  expect(err).not.toMatch(/count as installed/);
  expect(err).toMatch(
    /no later rule uses the mark 0x539 that mangle PREROUTING 1 \(.*tproxy.rules:2\) sets; .*--routing FILE/,
  );
});

test("a mark and an ip rule join what leaves to a TPROXY rule, for the networks that the ip rule names alone", async () => {
  const within = ["--within", "app -> elsewhere:80"];
  const joined = await map(/^from the pod to elsewhere/, "--rules", MARKED, "--routing", ROUTING, ...within);
  expect(joined.landings).toEqual(["listener envoy-outbound", "listener upstream", "unreachable null"]);
  const bare = await map(/^from the pod to elsewhere/, "--rules", MARKED, ...within);
  expect(bare.landings).toEqual(["listener upstream"]);
  expect(bare.err).toMatch(/uses the mark 0x1 that mangle OUTPUT 1/);
});

test("a mark that nothing uses is named with the place of its rule, of nft too, once for a table of both families", async () => {
  const marks = write(
    "marks.nft",
    "table inet pod {",
    " chain out {",
    "  type route hook output priority mangle;",
    "  tcp dport 80 counter meta mark set 0x7 # handle 9",
    " }",
    "}",
  );
  const { err } = await runCommand("map", "--rules", marks, "--within", "app -> elsewhere:80");
  const told = err.split("\n").filter((line) => line.includes("no later rule uses"));
  expect(told).toEqual([
    expect.stringMatching(
      /the mark 0x7 that pod out 1 \(handle 9, .*marks\.nft:4\) sets; if an ip rule does, .*--routing FILE/,
    ),
  ]);
});

test("explain, diff and verify take the same routing", async () => {
  const { out } = await runCommand("explain", "app -> 10.9.9.9:80", "--rules", MARKED, "--routing", ROUTING);
  expect(out).toMatch(/lands: envoy-outbound:15001/);
  const dropped = write(
    "dropped.rules",
    "*mangle",
    "-A PREROUTING -p tcp -m mark --mark 0x1 -j DROP",
    "-A OUTPUT -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x1/0xffffffff",
    "COMMIT",
  );
  const compared = (...words: readonly string[]) =>
    runCommand("diff", MARKED, dropped, "--within", "app -> 10.9.9.9:80", ...words);
  expect((await compared("--routing", ROUTING)).code).toBe(1);
  expect((await compared("--routing", NO_ROUTING)).code).toBe(0);
});

test("a set's entries say where flows land", async () => {
  const asked = async (...words: readonly string[]) =>
    JSON.parse((await runCommand("map", "--json", "--family", "4", "--rules", ASKS, ...words)).out).classes.length;
  const [unknown, known] = [await asked(), await asked("--sets", SETS)];
  expect(unknown).toBeGreaterThan(known);
  const lands = (flow: string) => runCommand("explain", flow, "--rules", ASKS, "--sets", SETS);
  expect((await lands("client -> pod:8080")).out).toMatch(/lands: app:8080/);
  expect((await lands("upstream -> pod:8080")).out).toMatch(/lands: timed-out/);
});

test("a match on which nothing depends splits no class", async () => {
  const rules = write(
    "recent.rules",
    "*filter",
    "-A INPUT -p tcp -m tcp --dport 22 -m recent --set --name x -j ACCEPT",
    "-A INPUT -m limit --limit 1/sec -j LOG",
    "COMMIT",
  );
  const plain = write("plain.rules", "*filter", "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", "COMMIT");
  const texts = async (path: string) => (await runCommand("map", "--json", "--family", "4", "--rules", path)).out;
  expect(await texts(rules)).toBe(await texts(plain));
});

test.each([
  ["map", ["--routing", ROUTING], /--routing: A mesh's own rules come with the routing/],
  ["map", ["--sets", SETS], /--sets: A mesh's own rules ask for no set/],
  ["explain", ["app -> pod:80", "--routing", ROUTING], /--routing: A mesh's own rules/],
  [
    "map",
    ["--rules", ASKS, "--sets", ASKS, "--routing", ASKS],
    /asks.rules:1:1: "\*filter …"[\s\S]*asks.rules:1:1: This is not a line of ipset save/,
  ],
  ["prove", ["--rules", ASKS, "--sets", SETS, "--observe"], /--sets: The sandbox cannot create sets/],
  ["verify", ["--rules", ASKS, "--sets", SETS, "--sandbox", "netns"], /--sets: The sandbox cannot create sets/],
  ["diff", ["--from", "istio", "--to", "kuma", "--routing", ROUTING], /--routing: The rules of a mesh come with/],
])("%s refuses %s", async (command, words, message) => {
  const { code, err } = await runCommand(command, ...words);
  expect([code, err]).toEqual([2, expect.stringMatching(message)]);
});
