import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "../cli/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-told-apart-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, ...rules: readonly string[]): string {
  const path = join(folder, name);
  const lines = ["*nat", ":OUTPUT ACCEPT [0:0]", ...rules.map((rule) => `-A OUTPUT -p tcp ${rule}`), "COMMIT", ""];
  writeFileSync(path, lines.join("\n"));
  return path;
}

/** Diffs two rule sets, of which the second asks the same once more behind a RETURN: only an answer of its own reaches it. */
async function diffTwice(match: string): Promise<number> {
  const once = write("once", `${match} -j RETURN`, "-j REDIRECT --to-ports 15001");
  const twice = write(
    "twice",
    `${match} -j RETURN`,
    `${match} -j REDIRECT --to-ports 15005`,
    "-j REDIRECT --to-ports 15001",
  );
  return (await runCommand("diff", "--family", "4", "-b", "*", once, twice)).code;
}

describe("two rules with the same match", () => {
  test.each([
    "-m statistic --mode random --probability 0.5",
    "-m statistic --mode nth --every 2 --packet 0",
    "-m limit --limit 1/sec",
    "-m hashlimit --hashlimit-upto 1/sec --hashlimit-name x",
    "-m recent --update --seconds 5 --name x",
    "-m quota --quota 1000",
  ])("are independent unknowns if the match counts or draws lots: %s", async (match) => {
    expect(await diffTwice(match)).toBe(1);
  });
  test.each(["-m u32 --u32 0x0=0x0", "-m ttl --ttl-eq 64", "-m length --length 40"])(
    "are one unknown if the match only reads the packet: %s",
    async (match) => {
      expect(await diffTwice(match)).toBe(0);
    },
  );
  test("are the same two unknowns in an unchanged rule set", async () => {
    const match = "-m statistic --mode random --probability 0.5";
    const rules = [`${match} -j RETURN`, `${match} -j REDIRECT --to-ports 15005`];
    const [before, after] = [write("before", ...rules), write("after", ...rules)];
    expect((await runCommand("diff", "--family", "4", "-b", "*", before, after)).code).toBe(0);
  });
});

describe("one match in two base chains, with a REDIRECT between", () => {
  const write = (name: string, match: string, ...first: readonly string[]): string => {
    const path = join(folder, name);
    const rules = [
      "*nat",
      `-A OUTPUT -p tcp ${match} -j RETURN`,
      "-A OUTPUT -p tcp -j REDIRECT --to-ports 15001",
      "COMMIT",
    ];
    const drop = `-A OUTPUT -p tcp -m tcp --syn ${match} -j DROP`;
    writeFileSync(path, `${[...rules, "*filter", ...first, drop, "COMMIT"].join("\n")}\n`);
    return path;
  };
  const diff = async (match: string) => {
    const after = write("after", match, "-A OUTPUT -d 127.0.0.1/32 -p tcp -m tcp --dport 15001 -j ACCEPT");
    const words = ["--family", "4", "-b", "*", "--within", "app -> upstream:80", write("before", match), after];
    return (await runCommand("diff", ...words)).code;
  };
  // The kernel drops app -> upstream:80 under the first rules, whose new address is the one that u32 asks for, and not under the others.
  test.each(['-m u32 --u32 "0x10=0x7f000001"', "-m string --string x --algo bm", "-m cgroup --cgroup 1"])(
    "is two unknowns if NAT or another hook may change what it reads: %s",
    async (match) => expect(await diff(match)).toBe(1),
  );
  test("is one unknown if nothing changes what it reads", async () =>
    expect(await diff("-m length --length 60")).toBe(0));
});

/** A chain that a packet may pass twice, between which it gets a mark: only where the answers differ does the marked packet end in it. */
function writeTwoWays(name: string, match: string, port: number, call: string): string {
  const path = join(folder, name);
  const lines = [
    "*nat",
    ":OUTPUT ACCEPT [0:0]",
    ":TWICE - [0:0]",
    ":OUTER - [0:0]",
    // A socket may bring the mark along.
    "-A OUTPUT -j MARK --set-mark 0",
    `-A OUTPUT -p tcp ${call}`,
    "-A OUTPUT -p tcp -j MARK --set-mark 1",
    `-A OUTPUT -p tcp ${call}`,
    "-A OUTER -p tcp -j TWICE",
    `-A TWICE -p tcp ${match} -j RETURN`,
    `-A TWICE -p tcp -m mark --mark 1 -j REDIRECT --to-ports ${port}`,
    "-A TWICE -p tcp -j REDIRECT --to-ports 15001",
    "COMMIT",
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

describe("one match that a packet meets twice", () => {
  const diff = async (match: string, call: string) => {
    const [before, after] = [writeTwoWays("five", match, 15005, call), writeTwoWays("six", match, 15006, call)];
    return (await runCommand("diff", "--family", "4", "-b", "*", before, after)).code;
  };
  test.each([
    ["-m statistic --mode random --probability 0.5", "-j TWICE"],
    ["-m limit --limit 1/sec", "-j OUTER"],
    ["-m recent --update --seconds 5 --name x", "-j TWICE"],
    ["-m connlimit --connlimit-above 1", "-j OUTER"],
  ])("is two independent unknowns: %s, reached by %s", async (match, call) => expect(await diff(match, call)).toBe(1));
  test("is one unknown if the match only reads the packet", async () =>
    expect(await diff("-m ttl --ttl-eq 64", "-j TWICE")).toBe(0));
  test("is the same two unknowns in unchanged rules, whose chains keep their names", async () => {
    const match = "-m statistic --mode random --probability 0.5";
    const [before, after] = [
      writeTwoWays("one", match, 15005, "-j OUTER"),
      writeTwoWays("same", match, 15005, "-j OUTER"),
    ];
    expect((await runCommand("diff", "--family", "4", "-b", "*", before, after)).code).toBe(0);
    const { out } = await runCommand(
      "diff",
      "--family",
      "4",
      "-b",
      "*",
      before,
      writeTwoWays("x", match, 15006, "-j OUTER"),
    );
    expect(out.replaceAll(/\s+/g, " ")).toMatch(
      /TWICE 2 \(\S+\): -A TWICE -p tcp -m mark --mark 1 -j REDIRECT --to-ports 15005/,
    );
    expect(out).not.toContain("reached at place");
  });
  test("ends the analysis if too many ways lead to it", async () => {
    const path = join(folder, "ways");
    const chains = Array.from({ length: 12 }, (_, i) => `C${i}`);
    const jumps = chains.flatMap((name, i) => {
      const to = chains[i + 1];
      return to === undefined
        ? [`-A ${name} -p tcp -m limit --limit 1/sec -j RETURN`]
        : [`-A ${name} -p tcp -j ${to}`, `-A ${name} -p tcp -j ${to}`];
    });
    const lines = [
      "*nat",
      ":OUTPUT ACCEPT [0:0]",
      ...chains.map((name) => `:${name} - [0:0]`),
      "-A OUTPUT -p tcp -j C0",
    ];
    writeFileSync(path, `${[...lines, ...jumps, "COMMIT"].join("\n")}\n`);
    const { code, err } = await runCommand("diff", "--family", "4", path, path);
    expect(code).toBe(3);
    expect(err).toMatch(/on more than 5\d\d paths/);
  });
});
