import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

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
