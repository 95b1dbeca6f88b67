import { describe, expect, test } from "vitest";
import { MESHES } from "../../../harness/meshes/meshes.ts";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommand } from "./run-command.ts";

const COMMANDS = [
  ["report", ["verify", "--sandbox", "simulated"]],
  ["generate", ["generate"]],
  ["map", ["map"]],
  ["prove", ["prove"]],
  ["explain", ["explain", "app -> upstream:80"]],
] as const;

describe.each(MESHES.map(({ name }) => name))("data about %s has the documented shape:", (mesh) => {
  test.each(COMMANDS.map(([schema, words]) => [words[0], schema, words] as const))("%s", async (_, schema, words) => {
    const { code, out } = await runCommand(...words, "--mesh", mesh, "--json");
    expect({ code, faults: complainBySchema(schema, JSON.parse(out)) }).toEqual({ code: 0, faults: [] });
  });
});
