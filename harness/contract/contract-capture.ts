import { familyOf } from "../model/address.ts";
import { type Capture, keepContracts } from "../model/capture.ts";
import type { ContractData } from "./contract-data.ts";
import { makeWrittenContract } from "./written-contract.ts";
import { shapeOf } from "./written-shape.ts";

/** What stands in a mesh's place where a contract file says what is demanded. */
const NAME = "contract";
/** How a copy of the contract is called. */
const FILE = "contract.json";

/**
 * Gives what a contract file says of a pod with these addresses (canonical text, one or one of each family), in the form that a mesh's
 * settings give. It generates no rules: those under test come from elsewhere.
 *
 * @example
 * contractCapture(data, ["10.244.0.2"])
 * // { mesh: "contract", settings: data, podIps: ["10.244.0.2"], shape: { proxies: […], … }, generated: null,
 * //   words: { words: ["--contract", "contract.json", "--pod-ip", "10.244.0.2"], … }, contractFor: …, placeIn: … }
 */
export function contractCapture(data: ContractData, podIps: readonly string[]): Capture {
  return {
    mesh: NAME,
    settings: data,
    podIps,
    shape: shapeOf(data),
    generated: null,
    words: {
      words: ["--contract", FILE, "--pod-ip", podIps.join(",")],
      environment: {},
      files: { [FILE]: `${JSON.stringify(data, null, 2)}\n` },
    },
    contractFor: keepContracts((addresses) => makeWrittenContract(data, addresses)),
    placeIn: ({ pod }) =>
      contractCapture(
        data,
        podIps.map((address) => pod[familyOf(address)]),
      ),
  };
}
