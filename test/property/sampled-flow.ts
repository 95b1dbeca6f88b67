import fc from "fast-check";
import { renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import type { Family } from "../../harness/model/address.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { resolveFlow } from "../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import type { Ruleset } from "../../harness/model/ruleset.ts";
import { SHAPE } from "../istio-pod.ts";

const PORTS = [1, 21, 22, 80, 443, 8080, 9090, 15001, 15006, 15020, 65535];
const IDS = [0, 999, 1000, 1001, 1336, 1337, 1338, 65534];
const TARGETS: Readonly<Record<Family, readonly string[]>> = {
  4: [
    "pod",
    "pod",
    "localhost",
    "127.0.0.6",
    "127.9.9.9",
    "upstream",
    "client",
    "10.96.0.1",
    "192.0.2.7",
    "10.245.0.2",
  ],
  6: ["pod6", "pod6", "localhost6", "upstream6", "client6", "[2001:db8::1]", "[fd00:96::1]", "[fd00:245::2]"],
};
const SOURCES: Readonly<Record<Family, readonly string[]>> = {
  4: ["127.0.0.6", "127.0.0.1", DEFAULT_ADDRESSES.pod[4]],
  6: ["[::1]", `[${DEFAULT_ADDRESSES.pod[6]}]`],
};
const STRANGERS: Readonly<Record<Family, readonly string[]>> = {
  4: ["10.96.0.1", "192.0.2.7", "10.245.0.2", "198.51.100.77"],
  6: ["[2001:db8::1]", "[fd00:96::1]", "[fd00:245::2]"],
};

/**
 * Draws flows of a family that a person might ask about under a rule set: some from fixed lists, some at the ports, ids and addresses that
 * stand in the rules' text and next to them. It reads that text by itself and knows nothing of how an analysis tells flows apart.
 */
export function arbitrarySampledFlow(family: Family, ruleset: Ruleset): fc.Arbitrary<Flow> {
  const text = renderIptablesSave(ruleset);
  const numbers = [...text.matchAll(/(?<![\w.:/])(\d{1,5})(?![\w./])/g)].map(([, number]) => Number(number));
  const near = numbers.flatMap((number) => [number - 1, number, number + 1]);
  const ports = [...PORTS, ...near.filter((port) => port >= 1 && port <= 65_535)];
  const ids = [...IDS, ...near.filter((id) => id >= 0)];
  const named = [...text.matchAll(/(?<= )!? ?-[sd] (\S+?)\/\d+/g)].map(([, address = ""]) => address);
  const dialled = named.filter((address) => /^(?!0\.|22[4-9]\.|2[3-5]\d\.|::6$|::$|::5$|::7$|ff|fe8)/.test(address));
  const targets = [...TARGETS[family], ...dialled.map((address) => (family === 6 ? `[${address}]` : address))];
  const six = family === 6 ? "6" : "";
  const owner = fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids)).map(([uid, gid]) => `uid=${uid},gid=${gid}`);
  const inPod = fc.oneof(fc.constantFrom("app", "envoy", "root"), owner);
  const port = fc.constantFrom(...ports);
  const free = fc.tuple(inPod, fc.constantFrom(...targets)).map(([who, target]) => `${who} -> ${target}`);
  const ownTargets = targets.filter((target) => /^(pod|localhost|127\.|\[?::1\]?$)/.test(target));
  const bound = fc
    .tuple(inPod, fc.constantFrom(...SOURCES[family]), fc.constantFrom(...ownTargets))
    .map(([who, source, target]) => `${who}@${source} -> ${target}`);
  const host = fc.constantFrom(`client${six}`, `upstream${six}`);
  const stranger = fc.tuple(host, fc.constantFrom(...STRANGERS[family])).map(([who, source]) => `${who}@${source}`);
  const outside = fc.oneof(host, stranger).map((who) => `${who} -> pod${six}`);
  return fc
    .tuple(
      fc.oneof({ weight: 4, arbitrary: free }, { weight: 2, arbitrary: bound }, { weight: 2, arbitrary: outside }),
      port,
    )
    .map(([ends, number]) => flowOf(`${ends}:${number}`));
}

function flowOf(text: string): Flow {
  const parsed = parseFlowText(text, SHAPE);
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE);
}
