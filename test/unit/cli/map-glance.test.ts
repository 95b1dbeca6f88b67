import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand, runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-glance-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, ...lines: readonly string[]): string {
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
  return join(folder, name);
}

describe("map", () => {
  const seedOn = (columns: number) =>
    runCommandIn({ display: { columns, isTerminal: true, color: false, progress: "appended" } }, "map");
  test("shows the seed in twelve lines of eighty columns, the last one included", async () => {
    const { code, out } = await seedOn(80);
    expect({ code, lines: out.split("\n") }).toEqual({
      code: 0,
      lines: [
        "from → to        which of them         lands on             decided by",
        "pod → elsewhere  uid 1337 or gid 1337  as dialled           ISTIO_OUTPUT 3, 4",
        "                 all others            envoy-outbound:15001 ISTIO_REDIRECT 1",
        "pod → itself     all                   envoy-inbound:15006  ISTIO_IN_REDIRECT 1",
        "pod → loopback   to 127.0.0.1          as dialled           ISTIO_OUTPUT 3-5",
        "                 all others            envoy-inbound:15006  ISTIO_IN_REDIRECT 1",
        "outside → pod    port 22, 15020        as dialled           ISTIO_INBOUND 1, 2",
        "                 all others            envoy-inbound:15006  ISTIO_IN_REDIRECT 1",
        "IPv6 pod → elsewhere, loopback         as dialled           none, filter INPUT 2",
        "IPv6 pod → itself  all                 timed-out            filter INPUT 3",
        "IPv6 outside → pod  all                rejected             filter INPUT 3",
        "Not shown: UDP (--within 'app -> elsewhere:*/udp'), bound sockets (--all).",
        "",
      ],
    });
  });
  test("says how to see UDP where it shows TCP alone, and not where it was asked for both", async () => {
    const said = async (...words: readonly string[]) => (await runCommand("map", ...words)).out.replaceAll(/\s+/g, " ");
    const within = (flows: string) => ["--within", flows];
    expect(await said(...within("client -> pod:80/tcp"))).toMatch(
      /examples\. Not shown: UDP \(--within 'client -> pod:80\/udp'\)\. $/,
    );
    expect(await said(...within("client -> pod:80"), "--all")).toMatch(
      / Not shown: UDP \(--within 'client -> pod:80\/udp'\)\. $/,
    );
    expect(await said(...within("client -> pod:80/tcp+udp"))).not.toContain("Not shown");
    expect((await runCommand("map", ...within("app -> elsewhere:*/udp"))).out).toContain("pod → elsewhere, UDP");
  });
  test("shows the seed in twelve lines of a wider display, each column under its name", async () => {
    const lines = (await seedOn(200)).out.split("\n");
    expect(lines.length).toBe(13);
    const [head = "", ...rows] = lines.slice(0, 11);
    const places = ["which of them", "lands on", "decided by"].map((name) => head.indexOf(name));
    const cells = rows.map((row) => places.map((at) => row.slice(at - 2, at + 1)));
    expect(cells.flat().filter((cell) => !/^ {2}\S$/.test(cell))).toEqual([]);
  });
  test("names marked sockets first, so that every row speaks of what no row before it has named", async () => {
    const { out } = await runCommand("map", "--mesh", "istio-ambient");
    expect(out.split(/^pod → itself/m)[0]?.replaceAll(/\s+/g, " ")).toMatch(
      /marked 0x539 .*marked 0x111 .*to not 169\.254\.7\.127, port 53 .*to 169\.254\.7\.127 .*all others /,
    );
  });
  test("calls flows of unmarked sockets all others where others are marked", async () => {
    const { out } = await runCommand("map", "--mesh", "istio", "-m", "TPROXY", "-b", "*");
    expect(out).toMatch(/^pod → elsewhere +marked 0x539 .*\n +marked 0x53a .*\n +all others /m);
  });
  test("says which flows a rule rejects, and names the rule's line", async () => {
    const file = write(
      "reject.rules",
      "*filter",
      ":INPUT ACCEPT [0:0]",
      "-A INPUT -p tcp -m tcp --dport 8080 -j REJECT --reject-with tcp-reset",
      "-A INPUT -p tcp -m tcp --dport 9090 -j DROP",
      "COMMIT",
    );
    const asked = ["map", "--rules", file, "--within", "client -> pod:*"];
    const { out } = await runCommand(...asked);
    const [, rejected, ...rest] = out.split("\n").filter((line) => line !== "");
    expect(rejected).toContain("from → to");
    const text = rest.join(" ").replaceAll(/\s+/g, " ");
    expect(text).toMatch(/outside → pod port 8080 rejected filter INPUT 1 \(\S*reject\.rules:3\)/);
    expect(text).toMatch(/port 9090 timed-out filter INPUT 2 \(\S*reject\.rules:4\)/);
    expect(text).toMatch(/all others as dialled no rule/);
    expect((await runCommand(...asked, "--all")).out).toMatch(/^ {2}rejected /m);
  });
  test("names for each port the unknown match that it depends on, and never says that no rule decides", async () => {
    const rule = (port: number, match: string) =>
      `-A OUTPUT -p tcp -m tcp --dport ${port} -m ${match} --x -j REDIRECT --to-ports 15001`;
    const lines = ["*nat", ":OUTPUT ACCEPT [0:0]", rule(80, "unheard"), rule(81, "unseen")];
    const file = write("matches.rules", ...lines, "-A OUTPUT -p tcp -m tcp --dport 82 -j UNHEARD", "COMMIT");
    const { out } = await runCommand("map", "--rules", file, "--within", "app -> elsewhere:*");
    const text = out.replaceAll(/\s+/g, " ");
    const rows = out.split("\n");
    const [from, to] = ["which of them", "lands on"].map((name) => rows[1]?.indexOf(name));
    const who = rows.map((row) => row.slice(from, to)).join(" ");
    expect(who.replaceAll(/\s+/g, " ")).toContain("port 80, where -m unheard --x or port 81, where -m unseen --x");
    expect(out).not.toMatch(/15001 if /);
    expect(text).toContain("port 82 could-not-look not known");
    expect(text).toContain("all others as dialled no rule");
  });
});
