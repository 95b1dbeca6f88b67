import type { AccessLogEntry } from "../../../../harness/sandbox/envoy/access-log.ts";

/** As Envoy 1.40 wrote it for a call of the pod to its own address: accepted at 15006, dialled on from 127.0.0.6. */
export const PASSED: AccessLogEntry = {
  id: 0,
  listener: "envoy-inbound",
  port: 15006,
  source: "10.244.0.2:39364",
  accepted: "127.0.0.1:15006",
  destination: "10.244.0.2:8080",
  onward: "10.244.0.2:8080",
  onwardSource: "127.0.0.6:60808",
  onwardClose: "Normal",
  flags: "-",
  failure: null,
};

/** The same where nobody accepts what Envoy dials. */
export const ENDED: AccessLogEntry = {
  ...PASSED,
  onwardSource: null,
  flags: "UF,URX",
  failure: "delayed_connect_error:_Connection_refused",
};
