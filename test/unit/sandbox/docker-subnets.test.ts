import { describe, expect, test } from "vitest";
import { addressesAt, POOL_SIZE, subnetsAt } from "../../../harness/sandbox/docker/subnets.ts";

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
