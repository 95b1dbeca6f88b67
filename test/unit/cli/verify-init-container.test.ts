import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-init-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A pod of Consul's, of which everything that is set stands in annotations. */
const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "web",
    annotations: {
      "consul.hashicorp.com/connect-inject-status": "injected",
      "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports": "8080",
    },
  },
  spec: { containers: [{ name: "web" }, { name: "consul-dataplane" }] },
};
writeFileSync(join(folder, "pod.json"), JSON.stringify(POD));

/** In a container landfall does not find the files and variables of the machine that it was called on. */
test.each<[string, readonly string[], Readonly<Record<string, string>>]>([
  ["a manifest", ["--manifest", "pod.json", "--flows", "client -> pod:8080"], {}],
  [
    "a variable",
    ["--mesh", "istio", "-u", "1337", "-b", "*", "-i", "*", "--flows", "client -> pod:8080"],
    { INBOUND_CAPTURE_PORT: "16006" },
  ],
])("settings from %s are those of the rules that a container has", async (_, words, environment) => {
  const where = { workingDirectory: folder, environment };
  const { code, out, err } = await runCommandIn(where, "verify", ...words, "--sandbox", "docker");
  expect(code, `${out}${err}`).toBe(0);
});
