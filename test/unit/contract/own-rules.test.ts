import { describe, expect, test } from "vitest";
import { runCommand } from "../cli/run-command.ts";

/** Settings that leave out a part of what a mesh does, or join parts that seldom go together. */
const SETTINGS: readonly string[] = [
  "--mesh istio-1.4 -m TPROXY",
  "--mesh istio-1.4 -m TPROXY -b 80 -i 10.96.0.0/16",
  "--mesh istio -m TPROXY",
  "--mesh istio -m TPROXY -b 80 -o 443",
  "--mesh istio -m TPROXY --redirect-dns",
  "--mesh istio -b * -k vm0 -o 443",
  "--mesh kuma --redirect-inbound=false",
  "--mesh kuma --drop-invalid-packets",
  "--mesh istio --drop-invalid --native-nftables",
];

describe("a mesh's own rules do in every class of flows what the mesh demands", () => {
  test.each(SETTINGS)("%s", async (words) => {
    const { code, out } = await runCommand("verify", ...words.split(" "), "--sandbox", "simulated", "--only-failures");
    expect([code, out.match(/ ✗ .*/g) ?? []]).toEqual([0, []]);
  });
});
