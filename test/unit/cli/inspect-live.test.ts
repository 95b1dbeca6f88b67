import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { completeInBash } from "./complete-in-bash.ts";
import { runCommand } from "./run-command.ts";

const NAME = `landfall-${process.pid}`;
const FLAGS = ["-u", "1337", "-b", "*", "-i", "*", "-d", "15020"];

function within(command: string, input = ""): string {
  return execFileSync("ip", ["netns", "exec", NAME, "sh", "-c", command], { input, encoding: "utf8" });
}

/** Everything that a reader must not change. */
const readState = () =>
  within(
    "(iptables-nft-save; ip6tables-nft-save) | grep -v ^#; nft list ruleset; cat /proc/net/ip_tables_names; ip rule; ip -o addr",
  );

describe("landfall inspect of a live namespace", () => {
  beforeEach(async () => {
    execFileSync("ip", ["netns", "add", NAME]);
    const { out } = await runCommand("generate", ...FLAGS, "--format", "save");
    within("ip link set lo up; iptables-nft-restore", out);
  });
  afterEach(() => void execFileSync("ip", ["netns", "del", NAME]));

  test("has its name completed by a shell, along with files", () => {
    expect(completeInBash("/", ["inspect", "--netns", NAME.slice(0, -1)])).toContain(NAME);
  });

  test("sees that a table of nft sleeps, whose flags nft -j misprints", async () => {
    within(
      "iptables-nft -t nat -F; nft -f -",
      "table inet pod {\n flags dormant;\n chain o {\n type nat hook output priority -100;\n meta l4proto tcp redirect to :15001\n }\n}\n",
    );
    expect((await runCommand("inspect", "--netns", NAME)).out).not.toContain("envoy-outbound");
    within("nft 'add table inet pod'");
    expect((await runCommand("inspect", "--netns", NAME)).out).toContain("envoy-outbound");
  });

  test("proves that the rules do what the settings require, and changes nothing", async () => {
    const before = readState();
    const { code, out } = await runCommand("inspect", "--netns", NAME, ...FLAGS);
    expect(out).toMatch(/^These rules do what the settings require: \d+ guarantees hold over all flows\.$/m);
    expect(code).toBe(0);
    expect(readState()).toBe(before);
  });
  test.each([
    [
      "a rule that was removed",
      "iptables-nft -t nat -D ISTIO_OUTPUT 3",
      /^no-uid-loop does not hold .*\n {2}says {5}Connections from the proxy are not captured, nor /m,
    ],
    [
      "a rule of iptables-legacy",
      "iptables-legacy -A OUTPUT -p tcp --dport 443 -j DROP",
      /filter OUTPUT 1: .*--dport 443 -j DROP/,
    ],
    [
      "a table of nftables",
      "nft 'add table inet own; add chain inet own in { type filter hook input priority 0; }; add rule inet own in tcp dport 15006 drop'",
      /own in 1 \(handle \d+\): .*15006 .*drop/i,
    ],
  ])("finds rules that differ from the settings: %s", async (_, command, message) => {
    within(command);
    const { code, out } = await runCommand("inspect", "--netns", NAME, ...FLAGS);
    expect(out).toMatch(/^Drift: these rules do not do what the settings require\.$/m);
    expect(out).toMatch(message);
    expect(code).toBe(1);
    const data = JSON.parse((await runCommand("inspect", "--netns", NAME, "--json", ...FLAGS)).out);
    expect(data).toMatchObject({ namespace: NAME, verdict: "drift" });
  });
  test("judges by a contract file, and prints only the map without settings", async () => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-inspect-"));
    const file = join(folder, "own.yaml");
    writeFileSync(
      file,
      "version: 1\nclauses:\n  - name: open\n    says: Port 80 is left alone.\n    flows: client -> pod:80\n    must: as-dialled\n",
    );
    const { code, out } = await runCommand("inspect", "--netns", NAME, "--contract", file);
    rmSync(folder, { recursive: true });
    expect(out).toMatch(/^open does not hold/m);
    expect(code).toBe(1);
    expect(out.replaceAll(/\s+/g, " ")).toMatch(
      new RegExp(`--format save > rules.txt; landfall explain '.*' --contract ${file} --pod-ip \\S+ --rules rules.txt`),
    );
    const plain = await runCommand("inspect", "--netns", NAME);
    expect(plain.code).toBe(0);
    expect(plain.out).not.toMatch(/settings require/);
  });
  test("gives a command that explains a flow of IPv6 under the rules of IPv6, and none where nftables has rules of its own", async () => {
    within("ip6tables-nft -t nat -A PREROUTING -p tcp -j REDIRECT --to-ports 15001");
    const flags = [...FLAGS, "--pod-ip", "fd00:244::2"];
    const six = (await runCommand("inspect", "--netns", NAME, ...flags)).out;
    const command = /^ {2}explain {2}(landfall inspect .*'client6 -> pod6:22'.*)$/m.exec(six)?.[1] ?? "";
    const [save = "", explain = ""] = command.split("; ");
    expect(save).toBe(`landfall inspect --netns ${NAME} --format save --family 6 > rules.txt`);
    const words = save.replace(/ > .*/, "").split(" ").slice(1);
    const folder = mkdtempSync(join(tmpdir(), "landfall-inspect-"));
    writeFileSync(join(folder, "rules.txt"), (await runCommand(...words)).out);
    const [, flow = ""] = /'([^']*)'/.exec(explain) ?? [];
    const { code, out } = await runCommand("explain", flow, ...flags, "--rules", join(folder, "rules.txt"));
    rmSync(folder, { recursive: true });
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("--to-ports 15001") });
    within("nft 'add table inet own; add chain inet own in { type filter hook input priority 0; }'");
    expect((await runCommand("inspect", "--netns", NAME, ...flags)).out).not.toMatch(/^ {2}explain/m);
  });
  test.each(["ip route add local 10.244.0.4 dev lo", "ip route add 10.244.0.4 dev lo"])(
    "does not call rules right where packets may be routed back to the pod: %s",
    async (command) => {
      within(command);
      const { code, out } = await runCommand("inspect", "--netns", NAME, ...FLAGS, "--family", "4");
      expect(out).toMatch(/^It is unknown whether these rules do what the settings require\.$/m);
      expect(code).toBe(3);
    },
  );
  test.each([
    [
      "nftables",
      "nft 'add table ip own; add chain ip own o { type nat hook output priority -100; }; add rule ip own o tcp dport 4444 redirect to :8080'",
    ],
    ["iptables-legacy", "iptables-legacy -t nat -A OUTPUT -p tcp --dport 4444 -j REDIRECT --to-ports 8080"],
  ])("judges nothing where the order of the rules is not known: %s beside iptables-nft", async (_, command) => {
    within(command);
    const { code, err } = await runCommand("inspect", "--netns", NAME, ...FLAGS);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining("stand at one hook and priority") });
    const shown = await runCommand("inspect", "--netns", NAME);
    expect({ code: shown.code, err: shown.err }).toEqual({
      code: 0,
      err: expect.stringContaining("in the order of the listing"),
    });
  });
  test.each([
    // iptables-nft-save prints it as -A ISTIO_INBOUND -p tcp -m tcp --dport 22 -j RETURN.
    ["with a mask", "nft insert rule ip nat ISTIO_INBOUND 'tcp dport & 22 == 22 return'"],
    ["with nft's own redirect", "nft insert rule ip nat OUTPUT tcp dport 4444 redirect to :8080"],
  ])("reads a rule of nft in a table of iptables-nft as nft has it: %s", async (_, command) => {
    const save = () => runCommand("inspect", "--netns", NAME, "--format", "save");
    expect((await save()).out).toContain("*nat");
    within(command);
    const { code, out, err } = await save();
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("has native nftables rules") });
    expect(out).not.toContain("*nat");
  });
  test("does not take rules for absent that nft could not list", async () => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-inspect-"));
    writeFileSync(join(folder, "nft"), "#!/bin/sh\necho 'Error: JSON support not compiled-in' >&2\nexit 1\n", {
      mode: 0o755,
    });
    const path = process.env["PATH"];
    process.env["PATH"] = `${folder}:${path}`;
    const { code, err } = await runCommand("inspect", "--netns", NAME, ...FLAGS);
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining("JSON support") });
  });
  test("says of a chain at a device that nothing is known behind it, and does not print its rules", async () => {
    within("nft 'add table netdev n; add chain netdev n i { type filter hook ingress device lo priority 0; }'");
    within("nft 'add rule netdev n i tcp dport 80 drop'");
    const { code, out } = await runCommand("inspect", "--netns", NAME, ...FLAGS);
    expect(out).toMatch(/^It is unknown whether these rules do what the settings require\.$/m);
    expect(out).toMatch(/^# the ingress chain i of the table netdev n is not printed; nft list ruleset has it$/m);
    expect(code).toBe(3);
    const plain = await runCommand("inspect", "--netns", NAME, "--json");
    expect({ code: plain.code, rulesets: JSON.parse(plain.out).rulesets.length > 0 }).toEqual({
      code: 0,
      rulesets: true,
    });
  });
  test("finds a process's namespace, and suggests the nearest name for a wrong one", async () => {
    const pid = Number(within("sleep 30 >/dev/null 2>&1 & echo $!"));
    const { code, out, err } = await runCommand("inspect", "--pid", String(pid), ...FLAGS);
    process.kill(pid);
    expect({ code, first: out.split("\n")[0], err }).toEqual({
      code: 0,
      first: `process ${pid} (no address)`,
      err: "",
    });
    const { code: bad, err: refused } = await runCommand("inspect", "--netns", NAME.slice(0, -1));
    expect(bad).toBe(2);
    expect(refused).toMatch(new RegExp(`There is no network namespace .*Did you mean .*${NAME}`));
    expect((await runCommand("inspect", "--pid", "0")).code).toBe(2);
    expect((await runCommand("inspect", "x", "--pid", "1")).code).toBe(2);
  });

  const main = join(import.meta.dirname, "../../../harness/cli/main.ts");
  const cli = [process.execPath, "--conditions=landfall-source", "--no-warnings", main];

  test("needs no right to enter a namespace that it is in already", () => {
    const without = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", ...cli];
    const inspect = (path: string) =>
      spawnSync("ip", ["netns", "exec", NAME, ...without, "inspect", "--netns", path, ...FLAGS], { encoding: "utf8" });
    expect(inspect("/proc/self/ns/net")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("These rules do what the settings require"),
    });
    expect(inspect("/proc/1/ns/net")).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("needs the capability SYS_ADMIN"),
    });
  });

  test.each(["nft", "ip"])("without %s nothing is proven: rules could be there that nobody sees", (missing) => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-programs-"));
    const programs = ["iptables-nft-save", "ip6tables-nft-save", "nsenter", "cat", "nft", "ip"];
    for (const program of programs.filter((name) => name !== missing)) {
      const found = execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
      symlinkSync(realpathSync(found).includes("xtables") ? found : realpathSync(found), join(folder, program));
    }
    const [node = "", ...words] = [...cli, "inspect", "--netns", NAME, ...FLAGS];
    const { status, stdout, stderr } = spawnSync(node, words, { encoding: "utf8", env: { PATH: folder } });
    rmSync(folder, { recursive: true });
    expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
    expect(stderr).toContain(`Install ${missing}: without it rules could be there that nobody sees.`);
  });
});
