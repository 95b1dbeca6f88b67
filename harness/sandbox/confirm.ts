import type { DialResult, Seen } from "../agent/protocol.ts";
import { type Landing, makeLanding } from "../model/landing.ts";

/**
 * Gives a flow's landing if both ends tell the same of it: what the dialling end got for an answer, and what the listeners recorded under
 * the flow's token. Every hop and the final listener must be recorded, each once and in its turn, and nothing beside them; a landing that
 * is no listener has records of its hops alone. Otherwise `could-not-look` with the difference: an answer nobody gave, or a listener
 * that was reached although the caller was told something else, is the harness's own failure.
 */
export function confirmLanding({ landing }: DialResult, records: readonly Seen[]): Landing {
  if (landing.kind === "could-not-look") return landing;
  const told = passagesOf(landing);
  const recorded = records.toSorted((a, b) => a.hopsBefore - b.hopsBefore).map(renderRecord);
  if (told.length === recorded.length && told.every((passage, i) => passage === recorded[i])) return landing;
  const cause = `the caller was told of [${told.join(", ")}] (${landing.kind}), the listeners recorded [${recorded.join(", ")}]`;
  return makeLanding("could-not-look", { cause });
}

/** Gives every listener a landing says the flow has met, in order: `0 envoy-inbound:15006 <- 10.244.0.2:8080`. */
function passagesOf(landing: Landing): readonly string[] {
  const { listener, port, originalDestination } = landing;
  const last = landing.kind === "listener" ? [{ listener, port, originalDestination }] : [];
  return [...landing.hops, ...last].map((passage, i) => renderPassage(i, passage));
}

function renderRecord(record: Seen): string {
  return renderPassage(record.hopsBefore, record);
}

function renderPassage(
  hopsBefore: number,
  passage: Pick<Landing, "listener" | "port" | "originalDestination">,
): string {
  return `${hopsBefore} ${passage.listener}:${passage.port} <- ${passage.originalDestination ?? "as dialled"}`;
}
