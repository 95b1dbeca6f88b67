import { expect, test } from "vitest";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { flowFor, nftRules, specFor } from "../nft-vectors.ts";

/** A rule of input rejects, so that the connection's source has not been asked about when the answer leaves; ct turns tracking on. */
const rules = (how: string) => `table ip t {
  chain in { type filter hook input priority 0; ct state new meta l4proto tcp reject with ${how}
  }
  chain post { type nat hook postrouting priority 100; drop
  }
}`;

test.each([
  ["tcp reset", "timed-out"],
  ["icmp type port-unreachable", "refused"],
])("what nat drops of a rejection with %s: %s, as in the kernel", (how, kind) => {
  const flow = "client -> pod:8080";
  const spec = specFor([flow]);
  const pod = compilePod({ ...nftRules(rules(how)), policyRouting: NO_POLICY_ROUTING }, spec, DEFAULT_ADDRESSES);
  expect(pod.land(flowFor(flow, spec.shape), "answer").kind).toBe(kind);
});
