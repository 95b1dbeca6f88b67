import type { RoutingText } from "../../agent/protocol.ts";
import { listIpLines, renderIpBatches } from "../../formats/ip-commands.ts";
import { NO_POLICY_ROUTING, type PolicyRouting } from "../../model/policy-routing.ts";

/** Gives policy routing as an agent takes it. */
export function renderRoutingText(routing: PolicyRouting): RoutingText {
  return {
    add: renderIpBatches(listIpLines(routing, "add")),
    remove: renderIpBatches(listIpLines(routing, "del")),
    addresses: routing.addresses.map(({ address }) => address),
  };
}

/** No policy routing, as an agent takes it. */
export const NO_ROUTING_TEXT: RoutingText = renderRoutingText(NO_POLICY_ROUTING);
