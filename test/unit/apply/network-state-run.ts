import { changeNetwork, readNetworkState } from "../../../harness/apply/network-state.ts";
import { intersectRouting, subtractRouting } from "../../../harness/apply/own-routing.ts";
import { listIpLines } from "../../../harness/formats/ip-commands.ts";
import { renderRoutingTexts } from "../../../harness/formats/routing-texts.ts";
import { FAMILIES } from "../../../harness/model/address.ts";
import { deliverMarked, PASS_THROUGH_ON_LO } from "../../../harness/model/policy-routing.ts";

// Adds the policy routing of ambient mode twice to the network namespace it runs in, takes it out, and prints what is there after each.
const wanted = {
  ...{ ...deliverMarked(FAMILIES, { value: 0x111, mask: 0xfff }, 100), addresses: [PASS_THROUGH_ON_LO] },
};
const seen = [];
for (const verb of ["add", "add", "del"] as const) {
  const { routing } = readNetworkState();
  const change = verb === "add" ? subtractRouting(wanted, routing) : intersectRouting(routing, wanted);
  changeNetwork(listIpLines(change, verb));
  seen.push(renderRoutingTexts(readNetworkState().routing));
}
process.stdout.write(JSON.stringify(seen));
