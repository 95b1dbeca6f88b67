import { expect, test } from "vitest";
import { boundaryFlows } from "../../../harness/contract/boundary-flows.ts";
import { istio } from "../../../harness/meshes/istio/mesh.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { NO_LOOKUPS } from "../../../harness/model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { readTyped } from "../../typed-input.ts";

function listFlows(...words: readonly string[]): readonly string[] {
  const pod = { addresses: ["10.244.0.2"], resolvers: ["10.96.0.10"], own: DEFAULT_ADDRESSES.pod };
  const read = readTyped(istio, { words, environment: {}, files: [], config: null, names: NO_LOOKUPS, pod });
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  const { settings } = read.value;
  const flows = boundaryFlows({
    contract: istio.contract(settings, pod),
    shape: istio.shape(settings, pod),
    addresses: DEFAULT_ADDRESSES,
    peers: { listen: [], upstreamPorts: [], clientPorts: [], upstreamAddresses: [] },
  });
  return flows.map(({ flow }) => renderFlowText(flow.spec));
}

/** The order of two owners' rules decides about who is both; without these flows rules in the wrong order passed for right. */
test("flows come from whoever has the uid of one owner and the gid of another", () => {
  const flows = listFlows("-u", "1337,5", "-g", "7,5", "-b", "53");
  expect(flows).toEqual(expect.arrayContaining(["uid=5,gid=7 -> pod:53", "uid=7,gid=5 -> pod:53"]));
});
