import { expect, type Pod } from "../../harness/vitest/index.ts";

/** What the type checker says of flows and landings, which nobody drives: each line that must not compile is marked. */
export async function writeFlows(pod: Pod, text: string): Promise<void> {
  pod.flow("client6 -> pod6:8080");
  pod.flow("again uid=1337,gid=1000@[::1]:5000 -> [2001:db8::1]:53/udp");
  pod.flow("app,mark=0x1@127.0.0.2 -> 10.96.0.1:443");
  pod.flow(text);
  // @ts-expect-error there is no such actor
  pod.flow("clinet -> pod:8080");
  // @ts-expect-error there is no such target
  pod.flow("client -> pob:8080");
  // @ts-expect-error a port is a number
  pod.flow("client -> pod:http");
  // @ts-expect-error there is no such protocol
  pod.flow("client -> pod:80/sctp");
  // @ts-expect-error there is no such actor
  pod.flow("again clinet -> pod:8080");
  // @ts-expect-error there is no such target
  pod.flow("again client -> pob:8080");
  // @ts-expect-error a flow has two ends
  pod.flow("client, pod:8080");
  const port: number = text.length;
  pod.flow(`app -> upstream:${port}`);
  // @ts-expect-error there is no such target
  pod.flow(`app -> upstrem:${port}`);
  const flow = pod.flow("client -> pod:8080");
  await expect(flow).toLandOn("envoy-inbound:15006");
  await expect(flow).toLandOn("app:8080 via envoy-inbound from 127.0.0.6");
  await expect(flow).toLandOn("timed-out");
  await expect(flow).not.toLandOn(text);
  // @ts-expect-error there is no such listener
  await expect(flow).toLandOn("envoy-inbuond:15006");
  // @ts-expect-error nothing of a landing is written so
  await expect(flow).toLandOn("app:8080 through envoy-inbound");
}
