import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { listenersOf } from "../../../harness/sandbox/agents/listeners.ts";
import { SHAPE } from "../../istio-pod.ts";

const ROOT = join(import.meta.dirname, "../../..");
const FOLDER = join(ROOT, "images/pod/listeners");

test.each(readdirSync(FOLDER))("the agent opens every listener that %s names", async (file) => {
  const line = readFileSync(join(FOLDER, file), "utf8");
  const words = ["--net", "--", process.execPath, "harness/agent/main.ts"];
  const agent = spawn("unshare", words, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  agent.stdin.write(line);
  const [reply] = await once(agent.stdout.setEncoding("utf8"), "data");
  agent.stdin.end();
  await once(agent, "exit");
  expect(JSON.parse(reply)).toEqual({ id: 1, ok: true, result: { opened: line.match(/"port":/g)?.length, closed: 0 } });
});

test("the files name the listeners that landfall opens in such a pod", () => {
  const addresses = { ...DEFAULT_ADDRESSES, pod: { 4: "10.243.0.2", 6: "fd00:243::2" } };
  const pod = { shape: SHAPE, listen: [8080, 22], upstreamPorts: [80, 443], clientPorts: [], upstreamAddresses: [] };
  const wanted = listenersOf(pod, addresses);
  for (const name of ["app", "proxy", "upstream"] as const) {
    const { params } = JSON.parse(readFileSync(join(FOLDER, `${name}.jsonl`), "utf8"));
    expect(params).toEqual({ listeners: wanted.get(name) });
  }
});
