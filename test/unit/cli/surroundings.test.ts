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

const LENGTHS = write(
  "lengths.nft",
  "table inet t {",
  "  chain output { type filter hook output priority 0; policy accept;",
  "    udp length > 1000 drop",
  "    udp dport 53 meta length < 200 drop",
  "  }",
  "}",
);
const TIMED = write(
  "timed.nft",
  "table ip t {",
  "  set s { type ipv4_addr; flags timeout; elements = { 10.96.0.1 timeout 1h } }",
  "  chain output { type filter hook output priority 0; policy accept;",
  "    ip daddr @s drop",
  "  }",
  "}",
);
const TIMED_SETS = write("timed.txt", "create own hash:ip family inet timeout 600", "add own 10.244.0.3 timeout 599");

/** Gives the landing that `explain` prints last, and what it tells. */
async function explain(flow: string, ...words: readonly string[]) {
  const { code, out, err } = await runCommand("explain", flow, ...words);
  return { code, out: out.replace(/\n +/g, " "), last: out.trim().split("\n\n").at(-1)?.split("\n")[0], err };
}

test("what a match does that is not understood can be told, and then the landing is known", async () => {
  const told = ["--assume", "udp length > 1000=fails", "--assume", "meta length  < 200 = holds"];
  const flow = "app -> upstream:53/udp";
  const [untold, known, other] = [
    await explain(flow, "--rules", LENGTHS),
    await explain(flow, "--rules", LENGTHS, ...told),
    await explain(flow, "--rules", LENGTHS, ...told.slice(0, 2), "--assume", "meta length < 200=fails"),
  ];
  expect(untold.code).toBe(3);
  expect(untold.last).toContain("depends on udp length > 1000");
  expect(untold.out).toContain("add --assume 'udp length > 1000=holds'");
  expect(known).toMatchObject({ code: 0, last: `${flow} lands: timed-out` });
  expect(known.err).toContain("as --assume says, meta length < 200 holds for every packet");
  expect(other).toMatchObject({ code: 0, last: expect.stringContaining("upstream:53") });
});

test("what is assumed decides map, prove and diff", async () => {
  const all = ["--assume", "udp length > 1000=fails", "--assume", "meta length < 200=fails"];
  const none = write("none.nft", "table inet t {", "}");
  const [open, closed] = [await runCommand("diff", none, LENGTHS), await runCommand("diff", none, LENGTHS, ...all)];
  expect([open.code, closed.code]).toEqual([1, 0]);
  const drops = write("drops.rules", "*filter", "-A INPUT -m ttl --ttl-eq 64 -j DROP", "COMMIT");
  const [lost, kept] = await Promise.all(
    ["holds", "fails"].map((answer) =>
      map(
        /^from outside/,
        "--rules",
        drops,
        "--within",
        "client -> pod:8080",
        "--assume",
        `-m ttl --ttl-eq 64=${answer}`,
      ),
    ),
  );
  expect(lost?.landings).toEqual(["timed-out null"]);
  expect(kept?.landings).toEqual(["listener app"]);
});

test("elements that expire count as they are listed, if that is asked for", async () => {
  const flow = "app -> 10.96.0.1:80";
  const [open, listed] = [
    await explain(flow, "--rules", TIMED),
    await explain(flow, "--rules", TIMED, "--timed-sets", "as-listed"),
  ];
  expect([open.code, listed.code]).toEqual([3, 0]);
  expect(open.out).toContain("add --timed-sets as-listed");
  expect(listed.last).toBe(`${flow} lands: timed-out`);
  expect(listed.err).toContain("the elements of the set s expire, and count as they are listed");
  const ipset = ["client -> pod:8080", "--rules", ASKS, "--sets", TIMED_SETS] as const;
  expect((await explain(...ipset)).code).toBe(3);
  expect(await explain(...ipset, "--timed-sets", "as-listed")).toMatchObject({ code: 0 });
});

test("a set to which rules or packets may add stays unknown, however it is read", async () => {
  const rules = ["  set s { type ipv4_addr; flags dynamic,timeout; }", "  set r { type ipv4_addr; timeout 1h; }"];
  const chain = "  chain output { type filter hook output priority 0; policy accept;";
  const file = write(
    "dynamic.nft",
    ...["table ip t {", ...rules, chain, "    tcp dport 79 add @r { ip daddr }"],
    ...["    ip daddr @s drop", "    ip daddr @r drop", "  }", "}"],
  );
  const { code, last } = await explain("app -> upstream:80", "--rules", file, "--timed-sets", "as-listed");
  expect(code).toBe(3);
  expect(last).toMatch(/ip daddr @s.*ip daddr @r/);
});

test.each([
  [["--assume", "meta length < 200"], "This does not end with =holds or =fails"],
  [["--assume", "=holds"], "This does not end with =holds or =fails"],
  [["--assume", "a=holds", "--assume", "a=fails"], "Another --assume says the opposite"],
  [["--assume", "meta length < 20=holds"], 'Those are "udp length > 1000" and "meta length < 200"'],
  [["--observe", "--assume", "meta length < 200=holds"], "A kernel decides for itself whether a match holds"],
  [["--observe", "--timed-sets", "as-listed"], "In a kernel the elements of a set expire"],
  [["--timed-sets", "listed"], "as-listed"],
])("%j is refused with its remedy", async (words, message) => {
  const { code, err } = await runCommand("explain", "app -> upstream:53/udp", "--rules", LENGTHS, ...words);
  expect(code).toBe(2);
  expect(err.replace(/\s+/g, " ")).toContain(message);
});

test("what is assumed needs rules from a file, and no kernel in verify", async () => {
  const alone = await runCommand("explain", "app -> upstream:80", "--assume", "a=holds", "--timed-sets", "as-listed");
  expect(alone.code).toBe(2);
  expect(alone.err.replace(/\s+/g, " ")).toMatch(/have no match that is not understood.*ask for no set/);
  const told = ["--assume", "meta length < 200=holds"];
  const driven = await runCommand("verify", "seed", "--sandbox", "netns", "--rules", LENGTHS, ...told);
  expect(driven.code).toBe(2);
  expect(driven.err.replace(/\s+/g, " ")).toContain("use --sandbox simulated with verify");
});
