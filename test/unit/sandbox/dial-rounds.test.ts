import { expect, test } from "vitest";
import type { Dial, DialResult } from "../../../harness/agent/protocol.ts";
import type { AgentClient } from "../../../harness/sandbox/agents/agent-client.ts";
import { driveRounds, inPortions, planRounds } from "../../../harness/sandbox/agents/dial-rounds.ts";

const REST = { exchange: "first", manner: "answer", namespace: null, owner: { uid: 0, gid: 0 }, timeoutMs: 1 } as const;

/** A dial as a row: its token, its protocol, the port that its socket is bound to, the port dialled. */
type Row = readonly [token: string, protocol: Dial["protocol"], sourcePort: number | null, port: number];

/** Gives what was driven together, in order; `forget` where connections were forgotten. */
async function listRounds(rows: readonly Row[], inFlight = 8): Promise<readonly string[]> {
  const log: string[] = [];
  const call = async (_: string, { dials }: { readonly dials: readonly Dial[] }) => {
    log.push(dials.map(({ token }) => token).join(" "));
    return { results: dials.map(({ token }) => ({ token }) as DialResult) };
  };
  const agent = { call } as unknown as AgentClient;
  const dials = rows.map(([token, protocol, sourcePort, port]) => {
    const ends = { source: null, sourcePort, mark: 0, address: "10.0.0.1", port };
    return { agent, dial: { ...REST, token, protocol, ...ends } satisfies Dial };
  });
  const results = await driveRounds(planRounds(dials, inFlight), inFlight, async () => void log.push("forget"));
  expect(results.map(({ token }) => token).toSorted()).toEqual(rows.map(([token]) => token).toSorted());
  return log;
}

test.each<[string, readonly Row[], readonly string[]]>([
  [
    "flows whose ports the kernel chooses go together",
    [
      ["a", "udp", null, 53],
      ["b", "tcp", null, 53],
    ],
    ["a b"],
  ],
  [
    "connections from one port to different ones go together: a new connection replaces what is known of the old one",
    [
      ["a", "tcp", 53, 80],
      ["b", "tcp", 53, 81],
    ],
    ["a b"],
  ],
  [
    "connections between the same ends go one after the other: the kernel gives them to one socket at a time",
    [
      ["a", "tcp", 53, 80],
      ["b", "tcp", 53, 80],
      ["c", "tcp", null, 80],
      ["d", "tcp", null, 80],
      ["e", "tcp", 53, 80],
    ],
    ["a c d", "b", "e"],
  ],
  [
    "datagrams from one port go one after the other, whatever they dial, and nothing is known of the first",
    [
      ["a", "udp", 53, 80],
      ["b", "udp", 53, 81],
      ["c", "udp", null, 80],
    ],
    ["c", "forget", "a", "forget", "b"],
  ],
  [
    "datagrams from different ports go together",
    [
      ["a", "udp", 53, 80],
      ["b", "udp", 54, 80],
    ],
    ["forget", "a b"],
  ],
  [
    "a datagram is not sent together with one from the port that it is sent to: the other's socket would receive it",
    [
      ["a", "udp", 53, 80],
      ["b", "udp", 54, 53],
    ],
    ["forget", "a", "forget", "b"],
  ],
])("%s", async (_, rows, rounds) => expect(await listRounds(rows)).toEqual(rounds));

test("connections driven one at a time keep their order", async () => {
  const rows: readonly Row[] = [
    ["a", "tcp", 53, 80],
    ["b", "tcp", 53, 80],
    ["c", "tcp", null, 80],
  ];
  expect(await listRounds(rows, 1)).toEqual(["a b c"]);
});

test("an agent gets at most 1500 dials, and its tracked connections are deleted once a round", () => {
  const dial = {
    ...REST,
    protocol: "udp",
    source: null,
    sourcePort: 1,
    mark: 0,
    address: "10.0.0.1",
    port: 2,
  } as const;
  const dials = Array.from({ length: 1600 }, (_, i) => ({
    agent: {} as AgentClient,
    dial: { ...dial, token: `${i}` },
  }));
  const sizes = inPortions([
    { dials: dials.slice(0, 10), afresh: false },
    { dials, afresh: true },
    { dials: dials.slice(0, 20), afresh: true },
  ]).map((rounds) => rounds.map((round) => [round.dials.length, round.afresh]));
  expect(sizes).toEqual([
    [[10, false]],
    [[1500, true]],
    [
      [100, false],
      [20, true],
    ],
  ]);
});
