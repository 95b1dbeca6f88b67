/**
 * Why a landing is `could-not-look`, for programs: codes stay as they are, the cause's words may change. `docs/codes.md` lists them too.
 *
 * - `depends-on-unknown`: the landing depends on a rule, route or answer that landfall does not understand or cannot know.
 * - `cannot-be-dialled`: no socket in the sandbox can start the flow.
 * - `no-sandbox`: there was no pod: none was started, or its rules could not be applied.
 * - `no-observation`: the harness's own agents failed or returned no result.
 * - `ends-disagree`: the caller and the listeners report different results, or a listener read the request too late.
 * - `no-proper-answer`: something accepted the connection but did not answer like one of landfall's listeners.
 * - `socket-failed`: a socket failed for a reason that is unrelated to the rules.
 * - `envoy-unclear`: a real Envoy's log does not show how the flow ended.
 */
export const BLIND_CODES = [
  "depends-on-unknown",
  "cannot-be-dialled",
  "no-sandbox",
  "no-observation",
  "ends-disagree",
  "no-proper-answer",
  "socket-failed",
  "envoy-unclear",
] as const;

/** Why a landing is `could-not-look`: one of {@link BLIND_CODES}. */
export type BlindCode = (typeof BLIND_CODES)[number];
