import { expect, test } from "vitest";
import { actorNames, listenerNames } from "../../../harness/model/pod-names.ts";
import { ACTORS, LISTENERS } from "../../../harness/vitest/words.ts";
import { SHAPE } from "../../istio-pod.ts";

test("the names that the types of a test allow are those of the pod", () => {
  expect(ACTORS.toSorted()).toEqual(actorNames(SHAPE).toSorted());
  expect(LISTENERS.toSorted()).toEqual(listenerNames(SHAPE).toSorted());
});
