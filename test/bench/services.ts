import { glanceFlows } from "../../harness/analysis/map-glance.ts";
import { parseIptablesSave } from "../../harness/formats/iptables-save.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../harness/model/policy-routing.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { captureOf } from "../istio-pod.ts";
import { seedConfig } from "../seed-config.ts";
import { type Figure, makeFigure } from "./figure.ts";
import { renderServiceRules } from "./service-rules.ts";

const SIZES = [50, 100] as const;

/** Measures `map` over services of kube-proxy, and what twice as many cost. */
export function measureServices(): readonly Figure[] {
  const [some, twice] = SIZES.map(mapServices);
  return [
    makeFigure(`map of ${SIZES[1]} services as kube-proxy writes them`, twice ?? Number.NaN, "ms"),
    makeFigure("  over half as many services", (twice ?? Number.NaN) / (some ?? Number.NaN), "×", 2.3),
  ];
}

function mapServices(services: number): number {
  const text = renderServiceRules(services);
  const started = performance.now();
  const parsed = parseIptablesSave(text, { where: "bench", family: 4 });
  if (!parsed.ok) throw new Error(parsed.findings[0]?.message);
  const spec = makePodSpec(captureOf(seedConfig()), [], [], DEFAULT_ADDRESSES);
  const setting = { spec, addresses: DEFAULT_ADDRESSES, passThrough: "absent" } as const;
  glanceFlows({ ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING }, 4, setting);
  return performance.now() - started;
}

if (import.meta.main) console.table(measureServices());
