import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import schema from "../../schemas/contract.json" with { type: "json" };
import { readCodeBlocks, readTable } from "./markdown.ts";
import { runLine } from "./page.ts";

const DOCUMENT = "docs/contracts.md";
const blocks = readCodeBlocks(DOCUMENT);
const files = blocks.flatMap(({ info: [language, name], text }) =>
  (language === "yaml" || language === "iptables") && name !== undefined ? [{ name, text }] : [],
);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-contracts-"));
  for (const { name, text } of files) write(name, text);
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

/** Each example: how its contract is asked about, and a change to its rules that breaks one of its clauses. */
const EXAMPLES = [
  {
    title: "a proxy that marks its own traffic",
    prove: "landfall prove --contract socks.yaml --rules socks.rules",
    file: "socks.rules",
    broken: [/^.*--mark 0x1 -j RETURN\n/m, "own-traffic"],
  },
  {
    title: "an application that may reach one proxy alone",
    prove: "landfall prove --contract cage.yaml --rules cage.rules --rules6 cage6.rules",
    file: "cage6.rules",
    broken: [/^-A OUTPUT -j DROP\n/m, "nothing-else"],
  },
  {
    title: "an application that may send datagrams to one resolver alone",
    prove: "landfall prove --contract cage.yaml --rules cage.rules --rules6 cage6.rules",
    file: "cage.rules",
    broken: [/^-A OUTPUT -j(?= DROP\n)/m, "nothing-else", "-A OUTPUT -p tcp -j"],
  },
  {
    title: "an application that may not even ping",
    prove: "landfall prove --contract cage.yaml --rules cage.rules --rules6 cage6.rules",
    file: "cage.rules",
    broken: [/^-A OUTPUT -j DROP\n/m, "no-ping", "-A OUTPUT -p icmp -j ACCEPT\n-A OUTPUT -j DROP\n"],
  },
  {
    title: "the rules of Istio 1.4",
    prove: "landfall prove --contract sidecar.yaml --rules sidecar.rules --rules6 sidecar6.rules",
    file: "sidecar.rules",
    broken: [/^.*--uid-owner 1337 -j RETURN\n/m, "proxy-untouched"],
  },
] as const;

describe(DOCUMENT, () => {
  beforeAll(async () => {
    const text = blocks.find(({ info }) => info.join(" ") === "sh sidecar")?.text ?? "";
    const ended = [];
    for (const line of text.trimEnd().split("\n")) ended.push(await runLine(line, folder));
    expect(ended.map(({ status, err }) => ({ status, err }))).toEqual(ended.map(() => ({ status: 0, err: "" })));
    expect(ended.at(-1)?.out).toContain("proxy-untouched holds");
  });

  test.each(EXAMPLES)("shows a contract that its rules keep: $title", async ({ prove }) => {
    const { status, out } = await runLine(prove, folder);
    expect({ status, broken: out.match(/^\S+ does not hold/gm) }).toEqual({ status: 0, broken: null });
  });

  test.each(EXAMPLES)(
    "shows a contract that broken rules do not keep: $title",
    async ({ prove, file, broken: [line, name, changedTo = ""] }) => {
      const whole = readFileSync(join(folder, file), "utf8");
      const changed = whole.replace(line, changedTo);
      expect(changed).not.toBe(whole);
      write(file, changed);
      const { status, out } = await runLine(prove, folder);
      write(file, whole);
      expect({ status, broken: out.match(/^\S+(?= does not hold)/gm) }).toMatchObject({
        status: 1,
        broken: expect.arrayContaining([name]),
      });
    },
  );

  test("names every field and every demand there is", () => {
    const cells = (head: string) => readTable(DOCUMENT, head).map(([cell]) => (cell ?? "").replaceAll("`", ""));
    expect(cells("field")).toEqual(Object.keys(schema.properties));
    const demands = schema.$defs.must.description.replace(/\.$/, "").split(/, | or /);
    expect(cells("demand")).toEqual(demands);
  });
});
