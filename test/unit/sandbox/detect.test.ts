import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { chooseBackend, detectBackends, detectDocker } from "../../../harness/sandbox/detect.ts";
import { connectEngine, whyNoEngine } from "../../../harness/sandbox/docker/engine.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("with an engine that answers", () => {
  test("every backend works as root", async () => {
    const states = await detectBackends();
    expect(states.map(({ backend, works }) => `${backend} ${works}`)).toEqual([
      "docker true",
      "netns true",
      "simulated true",
    ]);
  });
  test("auto chooses docker", async () => {
    expect(await chooseBackend()).toBe("docker");
  });
});

describe("without an engine", () => {
  test("auto chooses netns", async () => {
    vi.stubEnv("DOCKER_HOST", "unix:///nowhere/docker.sock");
    expect(await chooseBackend()).toBe("netns");
  });
  test("and without tools for namespaces auto fails, and names the simulated backend", async () => {
    vi.stubEnv("DOCKER_HOST", "unix:///nowhere/docker.sock");
    vi.stubEnv("PATH", "/nowhere");
    const told = await chooseBackend().catch(({ message }) => message.split("\n"));
    expect(told).toEqual([
      "no backend with a kernel works here.",
      expect.stringMatching(/^ {2}docker: /),
      expect.stringMatching(/^ {2}netns: /),
      "  simulated: works; it predicts where flows land: use --sandbox simulated with verify and mutate.",
    ]);
  });
  test("docker is reported as not working, with the reason and what to do", async () => {
    vi.stubEnv("DOCKER_HOST", "unix:///nowhere/docker.sock");
    expect(await detectDocker()).toEqual({
      backend: "docker",
      works: false,
      why: "No container engine answers at unix:///nowhere/docker.sock (connect ENOENT /nowhere/docker.sock).",
      remedy: "Start that engine, or unset DOCKER_HOST.",
    });
  });
});

describe("if DOCKER_HOST names no usable engine", () => {
  test.each([
    ["http://", /names cannot be used: it is not an address\. Write unix:/],
    ["tcp://127.0.0.1:99999", /names cannot be used: it is not an address\. Write unix:/],
    ["ssh://user@127.0.0.1", /names cannot be used: landfall does not support engines over ssh\. Forward/],
    ["ssh://", /names cannot be used: landfall does not support engines over ssh\. Forward/],
    ["garbage", /No container engine answers at garbage/],
    ["tcp://127.0.0.1:9", /No container engine answers at tcp:\/\/127\.0\.0\.1:9/],
  ])("%s: docker is reported as not working, and auto chooses netns", async (address, why) => {
    vi.stubEnv("DOCKER_HOST", address);
    const { works, why: told, remedy } = await detectDocker();
    expect(works).toBe(false);
    expect(`${told} ${remedy}`).toMatch(why);
    expect(await chooseBackend()).toBe("netns");
    await expect(openSandbox("docker")).rejects.toMatchObject({ code: "environment" });
  });
  test("certificates that cannot be read are named", async () => {
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:2376");
    vi.stubEnv("DOCKER_CERT_PATH", "/nowhere");
    const { why, remedy } = await detectDocker();
    expect(why).toMatch(/\/nowhere\/ca\.pem'\.$/);
    expect(remedy).toMatch(/^Check DOCKER_CERT_PATH/);
  });
});

test("an engine that accepts a connection and never answers is given up, and the connection closed", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  vi.stubEnv("DOCKER_HOST", `tcp://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
  const asked = once(server, "connection");
  const told = whyNoEngine(connectEngine(), 50);
  const [connection] = (await asked) as [Socket];
  // A connection that stays open keeps the process from ending.
  const closed = once(connection.resume(), "close");
  expect(await told).toEqual({ why: "it did not answer within 0.05 s", errno: null });
  await closed;
  server.close();
});
