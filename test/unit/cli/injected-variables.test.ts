import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { runCommandIn } from "./run-command.ts";

async function map(mesh: string, environment: Readonly<Record<string, string>>) {
  const words = ["map", "--mesh", mesh, "--pod-ip", "10.244.0.2"];
  return runCommandIn({ workingDirectory: tmpdir(), environment }, ...words);
}

describe("a variable that is set where no option is given", () => {
  test("takes the place of one that the mesh's injector sets, and that is said", async () => {
    const { code, out, err } = await map("istio-ambient", { AMBIENT_DNS_CAPTURE: "false" });
    expect({ code, hasDns: out.includes("15053") }).toEqual({ code: 0, hasDns: false });
    expect(err).toContain("except for what is set here: AMBIENT_DNS_CAPTURE");
    const { out: injected } = await map("istio-ambient", {});
    expect(injected).toContain("dns:15053");
  });

  test("is read like any other, and refused where it has no meaning", async () => {
    const { code, err } = await map("istio-ambient", { AMBIENT_IPV6: "maybe" });
    expect(code).toBe(2);
    expect(err).toContain('AMBIENT_IPV6: "maybe" is not a valid value');
  });

  test.each([
    ["istio", "ISTIO_INBOUND_PORTS"],
    ["istio-1.4", "ENVOY_PORT"],
  ])("is outweighed by the flags of %s's injector, and that is said", async (mesh, variable) => {
    const words = ["map", "--mesh", mesh];
    const { code, err } = await runCommandIn(
      { workingDirectory: tmpdir(), environment: { [variable]: "7001" } },
      ...words,
    );
    expect(code).toBe(0);
    expect(err).toContain(`They outweigh ${variable}.`);
  });
});
