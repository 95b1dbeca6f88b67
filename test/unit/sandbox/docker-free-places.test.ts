import { afterEach, describe, expect, test } from "vitest";
import { connectEngine } from "../../../harness/sandbox/docker/engine.ts";
import { freePlaces } from "../../../harness/sandbox/docker/free-places.ts";
import { RUN_LABEL } from "../../../harness/sandbox/docker/labels.ts";
import { currentRunId } from "../../../harness/sandbox/run-id.ts";

const engine = connectEngine();
const made: string[] = [];

afterEach(async () => {
  for (const id of made.splice(0)) await engine.getNetwork(id).remove();
});

/** Makes a network of the engine with a subnet of somebody else's, and says whether a place of the pool is still free. */
async function isFreeBeside(subnet: string, place: number): Promise<boolean> {
  const network = await engine.createNetwork({
    Name: `subnets-test-${process.pid}`,
    IPAM: { Driver: "default", Config: [{ Subnet: subnet }] },
    Labels: { [RUN_LABEL]: currentRunId() },
  });
  made.push(network.id);
  return [...(await freePlaces(engine))].includes(place);
}

describe("a pair of subnets is not free", () => {
  test("if a network of the engine has its subnet", async () => {
    expect(await isFreeBeside("10.244.201.0/24", 201)).toBe(false);
  });
  test("if a part of a network of the engine is the vm's subnet", async () => {
    expect(await isFreeBeside("10.245.200.0/22", 202)).toBe(false);
  });
  test("but is, next to a neighbouring subnet", async () => {
    expect(await isFreeBeside("10.244.203.0/24", 204)).toBe(true);
  });
});
