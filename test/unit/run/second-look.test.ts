import { expect, test } from "vitest";
import { type Landing, makeBlind } from "../../../harness/model/landing.ts";
import { mustLookAgain } from "../../../harness/run/second-look.ts";

const NOWHERE = { host: null, listener: null, address: null, port: null, originalDestination: null, source: null };
const landing = (kind: Landing["kind"]): Landing => ({ kind, ...NOWHERE, hops: [] });

test.each<[string, Landing, Landing, boolean]>([
  ["silence that was predicted", landing("timed-out"), landing("timed-out"), false],
  ["silence that nobody predicted", landing("timed-out"), landing("listener"), true],
  ["an answer that did not come", landing("unanswered"), landing("listener"), true],
  ["a refusal that nobody predicted", landing("refused"), landing("listener"), false],
  ["a request that a listener read too late", makeBlind("ends-disagree", "late"), landing("listener"), true],
  ["a socket that failed", makeBlind("socket-failed", "EMFILE"), landing("listener"), false],
])("%s", (_, seen, predicted, expected) => {
  expect(mustLookAgain(seen, predicted)).toBe(expected);
});
