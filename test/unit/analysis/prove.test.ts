import { describe, expect, test } from "vitest";
import type { AnalysisSetting } from "../../../harness/analysis/flows/partition.ts";
import { mapFlows } from "../../../harness/analysis/map.ts";
import type { Property } from "../../../harness/analysis/proof/properties.ts";
import { proveProperties } from "../../../harness/analysis/proof/prove.ts";
import type { CaptureConfig } from "../../../harness/meshes/istio-1.4/config.ts";
import { generateRules } from "../../../harness/meshes/istio-1.4/rules.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import type { PodRules } from "../../../harness/model/ruleset.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { captureOf } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";
import { load, SEED } from "./seed.ts";

const CONFIG = seedConfig();

function settingOf(config: CaptureConfig, rules: PodRules): AnalysisSetting {
  return {
    spec: makePodSpec(captureOf(config), [], [], DEFAULT_ADDRESSES),
    addresses: DEFAULT_ADDRESSES,
    passThrough: rules.policyRouting.addresses.length > 0 ? "there" : "absent",
  };
}

/** Rules under a config, and the counterexample of each property that does not hold. */
function check(rules: PodRules, config: CaptureConfig, broken: Readonly<Record<string, string>>): void {
  const results = proveProperties(rules, captureOf(config), settingOf(config, rules));
  const found = results.flatMap(({ name, holds, counterexample }) =>
    holds ? [] : [[name, counterexample && renderFlowText(counterexample.flow.spec)]],
  );
  expect(Object.fromEntries(found)).toEqual(broken);
}

describe("what a capture config promises", () => {
  test.each<[string, Partial<CaptureConfig>]>([
    ["the seed", {}],
    ["TPROXY", { interceptionMode: "TPROXY" }],
    ["an IPv6 pod", { podIps: ["fd00:244::2"] }],
    [
      "lists of ports and ranges",
      {
        inboundPortsInclude: ["80", "8000:8100"],
        outboundIpRangesInclude: ["10.96.0.0/12"],
        outboundIpRangesExclude: ["10.96.7.0/24"],
        outboundPortsExclude: ["9000"],
      },
    ],
    ["several owners", { proxyUid: ["1337", "0"], proxyGid: ["1337", "2000-2999"] }],
  ])("holds of the generated rules of %s", (_, changes) => {
    const config = { ...CONFIG, ...changes };
    check(generateRules(config), config, {});
  });
  test.each<[string, RegExp, string, Readonly<Record<string, string>>]>([
    [
      "the uid rule changed",
      /uid-owner 1337/,
      "uid-owner 1338",
      {
        "no-uid-loop": "uid=1337,gid=1000 -> upstream:8080",
        "outbound-captured": "uid=1338,gid=1000 -> upstream:8080",
      },
    ],
    ["the pass-through rule gone", /.*127\.0\.0\.6.*\n/, "", { "no-uid-loop": "envoy -> pod:8080" }],
    ["ssh captured", /.*dport 22 .*\n/, "", { "exclusions-untouched": "client -> pod:22" }],
    ["the wrong inbound port", /15006/, "15001", { "inbound-captured": "app -> pod:8080" }],
    ["no inbound jump", /-A PREROUTING.*\n/, "", { "inbound-captured": "client -> pod:8080" }],
    [
      "loopback captured",
      /(! )-d 127.0.0.1\/32 -o lo/,
      "-d 127.0.0.1/32 -o lo",
      { "loopback-untouched": "app -> localhost:8080" },
    ],
  ])("is broken with %s", (_, pattern, replacement, broken) => {
    const results = proveProperties(
      load(SEED.replace(pattern, replacement)),
      captureOf(CONFIG),
      settingOf(CONFIG, load(SEED)),
    );
    const found = results.flatMap(({ name, counterexample }) =>
      counterexample ? [[name, renderFlowText(counterexample.flow.spec)]] : [],
    );
    expect(Object.fromEntries(found)).toMatchObject(broken);
  });
  test("is broken if nothing keeps inbound IPv6 out of an IPv4 pod", () => {
    const rules = generateRules(CONFIG);
    const unguarded = { ...rules, ip6: { family: 6, tables: [] } } as const;
    check(unguarded, CONFIG, { "inbound-captured": "app -> pod6:8080" });
  });
  test("has the self-call and the proxy's own ports as its exceptions", () => {
    const [noLoop] = proveProperties(load(SEED), captureOf(CONFIG), settingOf(CONFIG, load(SEED)));
    const flows = noLoop?.exceptions.map(({ flow }) => renderFlowText(flow.spec));
    expect(flows).toEqual(expect.arrayContaining(["envoy -> pod:8080", "envoy -> localhost:15001"]));
    expect(flows?.filter((flow) => flow.includes("upstream"))).toEqual([]);
  });
  test("nothing is proven that depends on an unknown match", () => {
    const guarded = SEED.replace("-m owner --uid-owner", "-m recent --rcheck -m owner --uid-owner").replace(
      /.*gid-owner.*\n/,
      "",
    );
    check(load(guarded), { ...CONFIG, proxyGid: [] }, { "no-uid-loop": "envoy -> upstream:8080" });
  });
});

describe("an excluded port", () => {
  const config = { ...CONFIG, outboundPortsExclude: ["7000"] };
  const reject = "*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --dport 7000 -j REJECT\nCOMMIT\n";
  const open = SEED.replace("-A ISTIO_OUTPUT -s", "-A ISTIO_OUTPUT -p tcp -m tcp --dport 7000 -j RETURN\n$&");
  test("is proven untouched if the rules return it", () => check(load(open), config, {}));
  test("is not proven untouched if a rule rejects it, since the dialled server would have accepted", () =>
    check(load(open + reject), config, {
      "no-uid-loop": "envoy -> upstream:7000",
      "exclusions-untouched": "app -> upstream:7000",
      // Nobody listens there in the analysis's pod; in another somebody may.
      "loopback-untouched": "app -> localhost:7000",
    }));
});

describe("a property that a user writes", () => {
  const noSsh: Property = {
    name: "no-ssh-out",
    judge: ({ from, to }, { answer }) =>
      from.actor === "app" && to.port === 22 ? (answer.listener === "upstream" ? "fails" : "holds") : "not-concerned",
  };
  test("is proven over all flows", () => {
    const prove = (text: string) =>
      proveProperties(load(text), captureOf(CONFIG), settingOf(CONFIG, load(SEED)), [noSsh])[0];
    expect(prove(SEED)?.holds).toBe(true);
    const { counterexample } = prove("") ?? {};
    expect(counterexample && renderFlowText(counterexample.flow.spec)).toBe("app -> upstream:22");
  });
});

describe("the map", () => {
  const classes = mapFlows(load(SEED), 4, settingOf(CONFIG, load(SEED)));
  test("of the seed fits a screen", () => expect(classes.length).toBeLessThanOrEqual(24));
  test("says that the proxy's own traffic is left alone", () => {
    const own = classes.find(
      ({ class: text }) => text === "from the pod to elsewhere: uid other than 1337, gid 1337; or uid 1337",
    );
    expect([own?.kind, own?.landing.listener]).toEqual(["as dialled", "upstream"]);
  });
  test("says of inbound traffic which ports are captured", () =>
    expect(
      classes
        .filter(({ witness }) => witness.flow.from.actor === "client")
        .map(({ kind, class: text }) => [kind, text]),
    ).toEqual([
      ["envoy-inbound:15006", "from outside to the pod: port other than 22 or 15006 or 15020"],
      ["as dialled", "from outside to the pod: port 22 or 15020"],
      ["envoy-inbound:15006 dialled itself", "from outside to the pod: port 15006"],
    ]));
});
