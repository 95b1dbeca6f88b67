import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../../harness/sandbox/sandbox.ts";
import { completeInBash } from "./complete-in-bash.ts";
import { runCommand } from "./run-command.ts";

const SAVED = `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:ISTIO_REDIRECT - [0:0]
-A OUTPUT -p tcp -m owner ! --uid-owner 1337 -j ISTIO_REDIRECT
-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
COMMIT
`;
const LISTED = [
  "-P PREROUTING ACCEPT",
  "-P INPUT ACCEPT",
  "-P OUTPUT ACCEPT",
  "-P POSTROUTING ACCEPT",
  "-N ISTIO_REDIRECT",
  "-A OUTPUT -p tcp -m owner ! --uid-owner 1337 -j ISTIO_REDIRECT",
  "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
];

let sandbox: Sandbox;
let container: string;
beforeAll(async () => {
  sandbox = await openSandbox("docker");
  container = sandbox.shellHint()?.split(" ").at(-2) ?? "";
  const parsed = parseIptablesSave(SAVED, { where: "SAVED", family: 4 });
  if (!parsed.ok) throw new RangeError("SAVED is no rule set");
  const rules = { ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING };
  await sandbox.install({ kind: "rules", rules });
});
afterAll(() => sandbox[Symbol.asyncDispose]());

describe("landfall inspect", () => {
  test("prints a container's rules as iptables -S does, and where every flow lands", async () => {
    const { code, out } = await runCommand("inspect", container, "--family", "4");
    const [, flows = "", rules] = out.split(/\n# (?=where every|iptables-nft|ip rule)/);
    expect({ code, rules }).toEqual({ code: 0, rules: `iptables-nft -t nat -S\n${LISTED.join("\n")}\n` });
    expect(flows).toMatch(/^ +all others +envoy-outbound:15001 +ISTIO_REDIRECT 1$/m);
    expect((await runCommand("inspect", container, "--family", "4", "--all")).out).toMatch(
      /^ {2}envoy-outbound:15001 +\w+ -> /m,
    );
  });
  test("has a container's name completed by a shell", () => {
    expect(completeInBash("/", ["inspect", container.slice(0, -1)])).toContain(container);
  });
  test("prints them as JSON, with the container and its process", async () => {
    const { out } = await runCommand("inspect", container, "--json");
    const { formatVersion, container: about, rulesets, classes } = JSON.parse(out);
    expect({ formatVersion, about }).toEqual({
      formatVersion: "1.0",
      about: { id: expect.stringMatching(/^[0-9a-f]{64}$/), name: container, pid: expect.any(Number) },
    });
    expect(rulesets[0]).toEqual({ variant: "nft", family: 4, nat: LISTED });
    expect(classes).toContainEqual(
      expect.objectContaining({ landing: expect.objectContaining({ listener: "envoy-outbound", port: 15001 }) }),
    );
  });
  test("saves them so that they can be read again", async () => {
    const { out } = await runCommand("inspect", container, "--format", "save");
    const parsed = parseIptablesSave(out, { where: "inspect" });
    expect(parsed.ok && parsed.value.tables.map(({ name, chains }) => `${name} ${chains.length}`)).toEqual(["nat 5"]);
  });
  test("says that a family has no rules: in the listing, and on stderr with --format save", async () => {
    const listed = await runCommand("inspect", container, "--family", "6");
    expect(listed.out).toMatch(/^# ip6tables-nft has no rules$/m);
    const saved = await runCommand("inspect", container, "--family", "6", "--format", "save");
    expect(saved).toEqual({
      code: 0,
      out: expect.not.stringMatching(/^-A /m),
      err: `landfall: ${container} has no rules of iptables.\n`,
    });
    const both = await runCommand("inspect", container);
    expect(both.out.match(/^# .* has no rules$/gm)).toEqual(["# ip6tables-nft has no rules"]);
  });
  test("ends with 2 if there is no such container, or none is named", async () => {
    const { code, err } = await runCommand("inspect", "no-such-container");
    expect({ code, err }).toEqual({
      code: 2,
      err: "landfall: There is no container no-such-container; docker ps lists the running ones.\n",
    });
    expect((await runCommand("inspect")).code).toBe(2);
  });
});
