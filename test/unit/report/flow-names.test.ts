import { describe, expect, test } from "vitest";
import { nameByEnds } from "../../../harness/report/flow-names.ts";

function name(...flows: readonly string[]) {
  return nameByEnds(flows.map((flow) => ({ flow, manner: "answer" })));
}

describe("flows by their ends", () => {
  test("are one name for one caller and one address, with their ports in order, each once", () => {
    expect(name("client -> pod:23", "app -> pod:80", "client -> pod:8", "client -> pod:23")).toEqual([
      { name: "client -> pod:8,23", count: 2 },
      { name: "app -> pod:80", count: 1 },
    ]);
  });
  test("keep protocols, manners and callers apart", () => {
    expect(
      name("app -> upstream:53", "app -> upstream:53/udp", "app -> upstream:54/udp", "again app -> pod:1"),
    ).toEqual([
      { name: "app -> upstream:53", count: 1 },
      { name: "app -> upstream:53,54/udp", count: 2 },
      { name: "again app -> pod:1", count: 1 },
    ]);
    expect(nameByEnds([{ flow: "app -> upstream:80", manner: "forward" }])).toEqual([
      { name: "app -> upstream:80 (forwarded)", count: 1 },
    ]);
  });
  test("are several names where they have many ports, none too long for a line of 80 columns", () => {
    const ports = Array.from({ length: 30 }, (_, i) => 15000 + i);
    const names = name(...ports.map((port) => `uid=1337,gid=1000 -> upstream6:${port}`));
    expect(names.length).toBeGreaterThan(1);
    expect(names.every((each) => each.name.length <= 68)).toBe(true);
    expect(
      names.flatMap((each) =>
        each.name
          .split(/[:,]/)
          .filter((part) => /^15\d{3}$/.test(part))
          .map(Number),
      ),
    ).toEqual(ports);
  });
});
