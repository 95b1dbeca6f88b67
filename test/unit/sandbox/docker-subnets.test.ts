import { afterEach, describe, expect, test } from "vitest";
import { connectEngine } from "../../../harness/sandbox/docker-engine.ts";
import { addressesAt, freePlaces, POOL_SIZE, subnetsAt } from "../../../harness/sandbox/docker-subnets.ts";
import { currentRunId, RUN_LABEL } from "../../../harness/sandbox/run-id.ts";

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
  return (await freePlaces(engine)).includes(place);
}

describe("the pool", () => {
  test("begins with the addresses that every backend uses", () => {
    expect(subnetsAt("pod", 0)).toEqual({ 4: "10.244.0.0/24", 6: "fd00:244::/64" });
    expect(addressesAt("upstream", 0)).toEqual({ 4: "10.244.0.4", 6: "fd00:244::4" });
  });
  test("has the hosts' addresses inside their subnets at every place", () => {
    for (const place of [1, 10, POOL_SIZE - 1]) {
      expect(subnetsAt("vm", place)).toEqual({ 4: `10.245.${place}.0/24`, 6: `fd00:245:${place}::/64` });
      expect(addressesAt("vm", place)).toEqual({ 4: `10.245.${place}.2`, 6: `fd00:245:${place}::2` });
    }
  });
});

describe("a place is not free", () => {
  test("if a network of the engine has its subnet", async () => {
    expect(await isFreeBeside("10.244.201.0/24", 201)).toBe(false);
  });
  test("if a part of a network of the engine is the vm's subnet", async () => {
    expect(await isFreeBeside("10.245.200.0/22", 202)).toBe(false);
  });
  test("but is, beside a neighbour", async () => {
    expect(await isFreeBeside("10.244.203.0/24", 204)).toBe(true);
  });
});
