import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseIptablesSave } from "../../harness/formats/iptables-save.ts";
import { FAMILIES, type Family, parseNetwork } from "../../harness/model/address.ts";
import { resolveFlow } from "../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../harness/model/flow-text.ts";
import type { Landing } from "../../harness/model/landing.ts";
import {
  deliverAll,
  deliverMarked,
  type KnownRoute,
  type LookupRule,
  lookUpMarked,
  NO_POLICY_ROUTING,
  type PolicyRouting,
  WHOLE_MARK,
} from "../../harness/model/policy-routing.ts";
import type { PodRules } from "../../harness/model/ruleset.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { shapeOf, specOf } from "../istio-pod.ts";

const MARK = 0x539;
const LINK = "net1";
const SPEC = specOf(
  { ...shapeOf({ interceptionMode: "TPROXY" }), links: [LINK] },
  { listen: [8080], upstreamPorts: [80], clientPorts: [9090] },
);

/** Gives TPROXY for everything that comes in, but what a socket has already taken, with some policy routing. */
function tproxyRules(family: Family, policyRouting: PolicyRouting): PodRules {
  const text = [
    "*mangle",
    ...["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"].map((chain) => `:${chain} ACCEPT [0:0]`),
    ":DIVERT - [0:0]",
    "-A DIVERT -j MARK --set-xmark 0x539/0xffffffff",
    "-A DIVERT -j ACCEPT",
    "-A PREROUTING -p tcp -m socket -j DIVERT",
    `-A PREROUTING -p tcp -j TPROXY --on-port 15001 --on-ip ${family === 4 ? "0.0.0.0" : "::"} --tproxy-mark 0x539/0xffffffff`,
    "COMMIT",
    "",
  ].join("\n");
  const parsed = parseIptablesSave(text, { where: "rules", family });
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join("\n"));
  return { ip: family === 4 ? parsed.value : null, ip6: family === 6 ? parsed.value : null, policyRouting };
}

describe.each(FAMILIES)("TPROXY over IPv%i on the kernel, and as the simulator predicts it:", (family) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox("netns");
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  const other = family === 4 ? 6 : 4;
  const own = (value: number, mask: number) => deliverMarked([family], { value, mask }, 133);
  const whole = own(MARK, WHOLE_MARK);
  /** The same with something else asked or done by its rule. */
  const withRule = (change: Partial<LookupRule>): PolicyRouting => ({
    ...{ ...whole, rules: [{ ...lookUpMarked(family, { value: MARK, mask: WHOLE_MARK }, 133), ...change }] },
  });
  /** Table 134 sends out by eth0 what comes to it, and nothing that TPROXY has taken is sent out. */
  const out: KnownRoute = { ...deliverAll(family, 134), kind: "unicast", dev: "eth0" };
  const [here, elsewhere] = [133, 134].map((table) => lookUpMarked(family, { value: MARK, mask: WHOLE_MARK }, table));
  const both = (...rules: readonly (LookupRule | undefined)[]): PolicyRouting => ({
    ...{ rules: rules.flatMap((rule) => rule ?? []), routes: [...whole.routes, out], addresses: [] },
  });
  const at = (priority: number, rule: LookupRule | undefined) => rule && { ...rule, priority };
  const near = parseNetwork(family === 4 ? "10.0.0.0/8" : "fd00::/8");
  const CASES: readonly (readonly [name: string, routing: PolicyRouting, kind: Landing["kind"]])[] = [
    ["with its rule and route", whole, "listener"],
    ["with a rule under a mask", own(MARK & 0xff, 0xff), "listener"],
    ["without policy routing", NO_POLICY_ROUTING, "timed-out"],
    ["with the other family's", deliverMarked([other], { value: MARK, mask: WHOLE_MARK }, 133), "timed-out"],
    ["with a rule for another mark", own(MARK + 1, WHOLE_MARK), "timed-out"],
    ["with a rule that looks up another table", withRule({ table: 135 }), "timed-out"],
    ["with a rule for what the pod itself sends", withRule({ iif: "lo" }), "timed-out"],
    ["with a rule for the link it comes by", withRule({ iif: LINK }), "listener"],
    ["with a rule for its destination", withRule({ to: near }), "listener"],
    ["with two rules, of which the one added last is asked first", both(here, elsewhere), "timed-out"],
    ["with the same two added the other way round", both(elsewhere, here), "listener"],
    ["with priorities that ask the first one first", both(at(9, here), at(10, elsewhere)), "listener"],
    ["with one that is added behind a priority, and is asked before it", both(at(9, here), elsewhere), "timed-out"],
    [
      "with a table that has a route for a smaller network",
      {
        ...whole,
        routes: [
          { ...out, table: 133 },
          { ...deliverAll(family, 133), to: near },
        ],
      },
      "listener",
    ],
  ];

  test.each(CASES)("traffic that the pod forwards %s", async (_, routing, kind) => {
    const rules = tproxyRules(family, routing);
    const parsed = parseFlowText(family === 4 ? "vm -> upstream:80" : "vm6 -> upstream6:80", SPEC.shape);
    if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join("\n"));
    const flow = resolveFlow(parsed.value, sandbox.addresses, SPEC.shape);
    await sandbox.enter(SPEC);
    await sandbox.install({ kind: "rules", rules });
    const [seen] = await sandbox.drive([{ flow, manner: "answer" }], { inFlight: 1 });
    await sandbox.clear();
    const predicted = compilePod(rules, SPEC, sandbox.addresses).land(flow, "answer");
    const outline = (landing: Landing | undefined) => landing && [landing.kind, landing.listener, landing.port];
    const expected = kind === "listener" ? [kind, "envoy-outbound", 15001] : [kind, null, null];
    expect({ seen: outline(seen?.landing), predicted: outline(predicted) }).toEqual({
      seen: expected,
      predicted: expected,
    });
  });
});
