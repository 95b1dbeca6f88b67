import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { renderCommands } from "../../../harness/formats/commands.ts";
import { interpretCommands } from "../../../harness/formats/interpreter.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { renderList } from "../../../harness/formats/list.ts";
import { TABLE_NAMES } from "../../../harness/model/iptables-tables.ts";
import { SEED } from "../analysis/seed.ts";
import { NAMES } from "../meshes/istio-1.4/capture-setup.ts";

/** Commands, those that fail marked `FAILS `: first here, then in a network namespace of their own. */
function check(lines: readonly string[]): void {
  const commands = lines.map((line) => line.replace(/^FAILS /, ""));
  const failing = lines.flatMap((line, i) => (line.startsWith("FAILS ") ? [i + 1] : []));
  const found = interpretCommands(commands.join("\n"), { where: "script", names: NAMES });
  expect(found.ok ? [] : found.findings.map(({ line }) => line)).toEqual(failing);
  const working = interpretCommands(commands.map((line, i) => (failing.includes(i + 1) ? "" : line)).join("\n"), {
    where: "script",
    names: NAMES,
  });
  const mine = working.ok
    ? TABLE_NAMES.map((table) => renderList(working.value.ip ?? { family: 4, tables: [] }, table)).join("")
    : "";
  const script = `n=0; while read -r line; do n=$((n+1)); sh -c "$line" >/dev/null 2>&1 || echo $n; done; echo; for t in ${TABLE_NAMES.join(" ")}; do iptables -t $t -S; done`;
  const kernel = execFileSync("unshare", ["-n", "sh", "-c", script], {
    input: commands.join("\n") + "\n",
    encoding: "utf8",
  });
  const [failed = "", ...rest] = kernel.split(/^\n/m);
  expect(failed.split("\n").filter(Boolean).map(Number)).toEqual(failing);
  expect(mine).toBe(rest.join("\n"));
}

describe("commands have the same effect as in the kernel", () => {
  test.each<[string, readonly string[]]>([
    [
      "chains made, renamed, deleted",
      [
        "iptables -N A",
        "FAILS iptables -N A",
        "iptables -A INPUT -j A",
        "FAILS iptables -X A",
        "iptables -E A B",
        "FAILS iptables -X A",
        "iptables -N C",
        "FAILS iptables -E C B",
        "iptables -X C",
        "FAILS iptables -A INPUT -j C",
        "FAILS iptables -N -x",
        "FAILS iptables -X INPUT",
      ],
    ],
    [
      "rules put in, replaced, deleted",
      [
        "iptables -A INPUT -s 1.1.1.1 -j DROP",
        "iptables --insert INPUT --source 2.2.2.2 --jump ACCEPT",
        "iptables -I INPUT 3 -i lo",
        "FAILS iptables -I INPUT 5 -j ACCEPT",
        "iptables -R INPUT 1 -p udp -j ACCEPT",
        "FAILS iptables -R INPUT 9 -j ACCEPT",
        "iptables -D INPUT 3",
        "FAILS iptables -D INPUT 3",
        "iptables -D INPUT -s 1.1.1.1/32 -j DROP",
        "FAILS iptables -D INPUT -s 1.1.1.1 -j DROP",
        "iptables -C INPUT -p 17 -j ACCEPT",
        "FAILS iptables -C INPUT -p tcp -j ACCEPT",
      ],
    ],
    [
      "several addresses, several rules",
      [
        "iptables -A INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.4 -j ACCEPT",
        "iptables -I INPUT -d 5.5.5.5,6.6.6.6 -j DROP",
        "iptables -D INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3 -j ACCEPT",
        "FAILS iptables -A INPUT ! -d 7.7.7.7,8.8.8.8 -j DROP",
      ],
    ],
    [
      "policies, flushing, listing",
      [
        "iptables -P INPUT DROP",
        "iptables -w 5 -t mangle -P OUTPUT DROP",
        "iptables -N A",
        "FAILS iptables -P A DROP",
        "FAILS iptables -P INPUT REJECT",
        "iptables -A A -j RETURN",
        "iptables -A OUTPUT -j A",
        "iptables -L",
        "iptables -n -v -L INPUT",
        "iptables -S A",
        "FAILS iptables -L NOPE",
        "iptables -Z",
        "iptables -F OUTPUT",
        "iptables -F A",
        "iptables -X",
        "FAILS iptables -F A",
      ],
    ],
    [
      "names and many ways to write",
      [
        "iptables -t nat -A OUTPUT -p tcp --dport http -m owner --uid-owner root -j REDIRECT --to-port 15001",
        "iptables -t nat -A OUTPUT -p tcp -m comment --comment 'two words' -j RETURN",
        'iptables -t nat -A OUTPUT -p tcp -m comment --comment "it\'s" --dport=81 -j RETURN',
        "iptables -t mangle -A PREROUTING -j MARK --set-mark 5/0xf0",
        "iptables -A INPUT -p tcp --syn -s 1.2.3.4 -j DROP",
        "FAILS iptables -A INPUT -s1.2.3.4",
        "FAILS iptables -A INPUT -jDROP",
        "FAILS iptables -A INPUT -ptcp -j DROP",
      ],
    ],
    [
      "what stands in the wrong place",
      [
        "FAILS iptables -t nat -A OUTPUT -j DROP",
        "FAILS iptables -A INPUT -o lo -j DROP",
        "FAILS iptables -A INPUT -m tcp --dport 80",
      ],
    ],
  ])("%s", (_, lines) => check(lines));
});

describe("a list of commands", () => {
  test("leads to the rules that were rendered as commands", () => {
    const parsed = parseIptablesSave(SEED, { where: "seed", family: 4 });
    const commands = parsed.ok ? renderCommands(parsed.value) : [];
    const read = interpretCommands(commands.join("\n"), { where: "script" });
    expect(read.ok && read.value.ip && renderList(read.value.ip, "nat")).toBe(
      parsed.ok && renderList(parsed.value, "nat"),
    );
    expect(commands).toHaveLength(17);
  });
  test("knows comments, continued lines, and both families", () => {
    const read = interpretCommands("# first\n\n/sbin/ip6tables -A INPUT \\\n  -s ::1 -j ACCEPT # last\n", {
      where: "script",
    });
    expect(read.ok && [read.value.ip, read.value.ip6 && renderList(read.value.ip6, "filter")]).toEqual([
      null,
      "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-A INPUT -s ::1/128 -j ACCEPT\n",
    ]);
  });
  test.each<[string, number, number, RegExp]>([
    ["iptables -A INPUT -s $ADDRESS", 1, 22, /is shell syntax/],
    ["iptables -A INPUT 'x", 1, 19, /never closed/],
    ["\nip route add default dev lo", 2, 1, /is not iptables/],
    ["iptables -t secure -A INPUT", 1, 13, /does not read the table secure/],
    ["iptables -p tcp", 1, 10, /no command/],
    ["iptables -A INPUT -p tcp --dport 99999", 1, 26, /--dport takes/],
  ])("refuses %j with line and column", (text, line, column, message) => {
    const read = interpretCommands(text, { where: "script" });
    expect(read.ok ? [] : read.findings).toEqual([
      { code: "rule-fault", where: "script", line, column, message: expect.stringMatching(message) },
    ]);
  });
});
