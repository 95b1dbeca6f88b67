import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { SEED_WORDS } from "../../harness/meshes/istio-1.4/seed.ts";
import { runCommand } from "../unit/cli/run-command.ts";
import { ROOT, readCodeBlocks, readTable } from "./markdown.ts";

interface Service {
  readonly command?: string | readonly string[];
  readonly networks?: { readonly mesh: { readonly ipv4_address: string; readonly ipv6_address: string } };
  readonly network_mode?: string;
}

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const services = (parse(read("docker-compose.yml"), { merge: true }) as { readonly services: Record<string, Service> })
  .services;
const rows = readTable("docs/compose.md", "container").map(([name = "", what = ""]) => [
  name.replaceAll("`", ""),
  what,
]);
const lines = readCodeBlocks("docs/compose.md").flatMap(({ text }) => text.trim().split("\n"));
const executed = lines.flatMap((line) => {
  const [, user, service = "", program = "", rest = ""] =
    /^docker-compose exec (?:--user (\d+) )?(\S+) (\S+) ?(.*)$/.exec(line) ?? [];
  return service === "" ? [] : [{ line, user, service, program, words: rest.split(" ") }];
});
/** The words of the init container: Istio's flags, and the pod's address. */
const INIT = services["istio-iptables"]?.command ?? [];

/** Says in a flow's text what `flow ADDRESS PORT` dials, by whom. */
function flowOf({ user, service, words: [address, port] }: (typeof executed)[number]): string {
  const actor = service === "client" ? "client" : user === "1337" ? "envoy" : "app";
  return `${actor} -> ${address === services["pod"]?.networks?.mesh.ipv4_address ? "pod" : address}:${port}`;
}

/** Gives where the simulator lands what a line of the document dials. */
async function land(flow: (typeof executed)[number] | undefined, words: readonly string[]) {
  if (!flow) throw new Error("the document has fewer flows");
  const manner = flow.words.includes("forward") ? ["--forward"] : [];
  return JSON.parse((await runCommand("explain", flowOf(flow), ...manner, "--json", ...words)).out).landing;
}

const folder = mkdtempSync(join(tmpdir(), "landfall-compose-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("docs/compose.md", () => {
  test("lists the services of the compose file with their addresses", () => {
    expect(rows.map(([name]) => name)).toEqual(Object.keys(services));
    for (const [name = "", what = ""] of rows) {
      const { ipv4_address: own } = services[name]?.networks?.mesh ?? {};
      if (own === undefined) expect(services[name]?.network_mode).toBe("service:pod");
      else expect(what).toContain(own);
    }
  });

  test.each([
    ["app", "app"],
    ["proxy", "proxy"],
    ["upstream", "upstream"],
  ])("lists the ports of %s", (service, file) => {
    const said = read(`images/pod/listeners/${file}.jsonl`);
    const ports = [...said.matchAll(/"port":(\d+)/g)].map(([, port = ""]) => port);
    const [, what = ""] = rows.find(([name]) => name === service) ?? [];
    const mentioned = what.replace(/\b[\d.]+\/\d+|\b\d+\.[\d.]+/g, "").match(/\b\d{2,5}\b(?!:)/g) ?? [];
    expect(mentioned.filter((number) => !["1000", "1337", "32"].includes(number)).toSorted()).toEqual(ports.toSorted());
  });

  test("has the rules of the seed command", async () => {
    const address = ["--pod-ip", "10.243.0.2"];
    const made = await runCommand("generate", ...INIT);
    expect(made).toEqual(await runCommand("generate", ...SEED_WORDS, ...address));
    expect(made.out).toContain("--to-ports 15006");
  });

  test("calls only programs that the service contains", () => {
    expect(executed.length).toBeGreaterThan(8);
    for (const { line, service, program } of executed) {
      expect({ line, isThere: service in services }).toEqual({ line, isThere: true });
      const isThere = ["iptables", "ip6tables"].includes(program) || existsSync(join(ROOT, "images/pod", program));
      expect({ line, isThere }).toEqual({ line, isThere: true });
    }
  });

  const flows = executed.filter(({ program }) => program === "flow");
  test.each([
    [0, { listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:8080" }],
    [1, { listener: "app", port: 8080, hops: [{ listener: "envoy-inbound" }] }],
    [2, { listener: "status", port: 15020, originalDestination: null }],
    [3, { listener: "envoy-outbound", port: 15001, originalDestination: "10.96.0.1:80" }],
    [4, { listener: "upstream", port: 80, originalDestination: null }],
  ])("drives flow %i to where it says", async (at, expected) => {
    expect(await land(flows[at], SEED_WORDS)).toMatchObject(expected);
  });

  test("changes the rules so that the last flow lands on the app", async () => {
    const change = executed.find(({ words }) => words.includes("-I"))?.words.join(" ") ?? "";
    const [, chain = "", rule = ""] = /^-t nat -I (\S+) 1 (.*)$/.exec(change) ?? [];
    const { out } = await runCommand("generate", ...SEED_WORDS);
    const file = join(folder, "rules.txt");
    writeFileSync(file, out.replace(`-A ${chain} `, `-A ${chain} ${rule}\n-A ${chain} `));
    expect(await land(flows[5], ["--rules", file])).toMatchObject({ listener: "app", port: 8080, hops: [] });
  });
});
