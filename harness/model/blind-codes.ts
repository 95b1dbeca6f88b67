/**
 * Why a landing is `could-not-look`, for programs: codes stay as they are, the cause's words may change. `docs/codes.md` lists them too.
 *
 * - `depends-on-unknown`: the landing depends on a rule, route or answer that landfall does not understand or cannot know.
 * - `cannot-be-dialled`: no socket of the sandbox can start the flow.
 * - `no-sandbox`: there was no pod to look at: none was started, or its rules could not be put in.
 * - `no-observation`: the harness's own agents failed, or gave no result.
 * - `ends-disagree`: the end that dialled and the listeners do not tell the same, or a listener read the request too late.
 * - `no-proper-answer`: somebody took the connection, and did not answer as a listener does.
 * - `socket-failed`: a socket failed in a way that says nothing about the rules.
 * - `envoy-unclear`: a real Envoy's log does not say how the flow ended.
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
