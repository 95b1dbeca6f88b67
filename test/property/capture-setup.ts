import fc from "fast-check";
import type { CaptureConfig } from "../../harness/meshes/istio-1.4/config.ts";
import { configOf } from "../unit/meshes/istio-1.4/intent-setup.ts";

/** Below the ephemeral ports: with those, whether a rule holds for a reply is the kernel's free choice of a source port. */
const PORT = fc
  .oneof(fc.constantFrom(22, 80, 8080, 15001, 15006, 15020, 1), fc.integer({ min: 1, max: 32000 }))
  .map(String);
const PORT_RANGE = fc
  .tuple(fc.integer({ min: 7990, max: 8010 }), fc.nat(100))
  .map(([first, more]) => `${first}:${first + more}`);
const PORTS = fc.array(fc.oneof(PORT, PORT_RANGE), { maxLength: 4 });
const RANGES = fc.array(
  fc.oneof(
    fc.constantFrom(
      "0.0.0.0/0",
      "10.0.0.0/8",
      "127.0.0.0/8",
      "10.244.0.2/32",
      "10.244.0.0/16",
      "::/0",
      "fd00:244::2/128",
    ),
    fc
      .tuple(fc.nat(255), fc.integer({ min: 9, max: 32 }))
      .map(([octet, length]) => `172.16.${octet}.0/${Math.min(length, 24)}`),
    fc.tuple(fc.nat(255), fc.nat(1)).map(([octet, host]) => `10.96.${octet}.${host}/32`),
    fc.nat(0xffff).map((group) => `2001:db8:${group.toString(16)}::/48`),
  ),
  { maxLength: 4 },
);
const IDS = fc.array(fc.oneof(fc.constantFrom("0", "1000", "1337", "1336-1400", "2000"), fc.nat(3000).map(String)), {
  minLength: 1,
  maxLength: 3,
});

/** Good capture configs of every kind. */
export const CONFIGS: fc.Arbitrary<CaptureConfig> = fc
  .record({
    proxyPort: fc.constantFrom(15001, 15111),
    inboundCapturePort: fc.constantFrom(15006, 15106, 15001),
    proxyUid: IDS,
    proxyGid: IDS,
    interceptionMode: fc.constantFrom("REDIRECT" as const, "TPROXY" as const),
    inboundPortsInclude: fc.oneof(fc.constant("*" as const), PORTS),
    inboundPortsExclude: PORTS,
    outboundIpRangesInclude: fc.oneof(fc.constant("*" as const), RANGES),
    outboundIpRangesExclude: RANGES,
    outboundPortsExclude: PORTS,
    kubevirtInterfaces: fc.constantFrom([], ["vm0"], ["vm0", "vm1"]),
    loopbackCapture: fc.constantFrom("on" as const, "off" as const),
    podIps: fc.constantFrom(["10.244.0.2"], ["fd00:244::2"], ["10.244.0.2", "fd00:244::2"]),
  })
  .map(configOf);

/** Flows that need not lie on any boundary, as texts. */
export function randomFlows(config: CaptureConfig): fc.Arbitrary<readonly string[]> {
  const inside = fc.oneof(
    fc.constantFrom("app", "envoy", "root", "status"),
    fc.tuple(fc.nat(3000), fc.nat(3000)).map(([uid, gid]) => `uid=${uid},gid=${gid}`),
  );
  const port = fc.integer({ min: 1, max: 32000 });
  const sources = fc.constantFrom("", "", "@127.0.0.6", "@127.0.0.9");
  const own = fc.constantFrom("pod", "localhost", "127.0.0.6", "127.9.9.9");
  const elsewhere = fc.oneof(
    fc.constantFrom("upstream", "client"),
    fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `172.16.${a}.${b}`),
  );
  const outside = ["client", "upstream", ...(config.kubevirtInterfaces.length > 0 ? ["vm"] : [])];
  return fc.array(
    fc.oneof(
      fc.tuple(inside, sources, own, port).map(([actor, source, to, at]) => `${actor}${source} -> ${to}:${at}`),
      fc.tuple(inside, elsewhere, port).map(([actor, to, at]) => `${actor} -> ${to}:${at}`),
      fc.tuple(inside, port).map(([actor, at]) => `${actor} -> upstream6:${at}`),
      fc
        .tuple(fc.constantFrom(...outside), fc.constantFrom("", "6"), port)
        .map(([a, six, at]) => `${a}${six} -> pod${six}:${at}`),
    ),
    { minLength: 20, maxLength: 20 },
  );
}
