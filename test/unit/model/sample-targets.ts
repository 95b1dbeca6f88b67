import type { Target } from "../../../harness/model/target.ts";

const ports = { first: 80, last: 80 };
const addresses = { first: "192.0.2.40", last: "192.0.2.40" };

type Samples = { readonly [K in Target["kind"]]: Target & { readonly kind: K } };

/** A target of each kind. */
export const SAMPLE_TARGETS: Samples = {
  accept: { kind: "accept" },
  drop: { kind: "drop" },
  return: { kind: "return" },
  jump: { kind: "jump", chain: "EMPTY" },
  goto: { kind: "goto", chain: "EMPTY" },
  redirect: { kind: "redirect", ports, random: false },
  dnat: { kind: "dnat", addresses, ports: null, flags: [] },
  snat: { kind: "snat", addresses, ports: null, flags: [] },
  masquerade: { kind: "masquerade", ports: null, flags: [] },
  tproxy: { kind: "tproxy", port: 15006, address: null, mark: { value: 0, mask: 0 } },
  mark: { kind: "mark", value: 1, mask: 1 },
  "connmark-set": { kind: "connmark-set", value: 1, mask: 1 },
  "connmark-save": { kind: "connmark-save", nfmask: 1, ctmask: 1 },
  "connmark-restore": { kind: "connmark-restore", nfmask: 1, ctmask: 1 },
  notrack: { kind: "notrack", module: "CT" },
  track: { kind: "track", options: "--helper ftp" },
  zone: { kind: "zone", module: "CT", direction: "both", zone: 1 },
  log: { kind: "log", options: "" },
  reject: { kind: "reject", with: "tcp-reset" },
  "hop-limit": { kind: "hop-limit", change: "set", value: 8 },
  tee: { kind: "tee", gateway: "203.0.113.9" },
  "side-effect": { kind: "side-effect", name: "NFLOG", options: "" },
  statements: { kind: "statements", statements: [{ target: { kind: "counter", name: null } }] },
  map: { kind: "map", keys: [], branches: [], map: null },
  assign: { kind: "assign", to: "packet", from: "value", and: 0, xor: 1 },
  "tproxy-socket": { kind: "tproxy-socket", port: 15006, address: null },
  counter: { kind: "counter", name: null },
  continue: { kind: "continue" },
  unknown: { kind: "unknown", text: "-j UNHEARD-OF" },
};
