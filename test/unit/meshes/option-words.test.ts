import { describe, expect, test } from "vitest";
import type { MeshOption } from "../../../harness/meshes/mesh.ts";
import { cutOptionWords, readOptionWords, readSwitch } from "../../../harness/meshes/option-words.ts";

function option(setting: string, letter: string | null, value: string | null): MeshOption {
  const flag = setting.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
  const common = { variable: null, annotation: null, repeats: "last", default: "", help: "", effect: "rules" } as const;
  return { setting, flag, letter, value, ...common };
}

const OPTIONS = [option("inboundPorts", "b", "PORTS"), option("proxyUid", "u", "UID"), option("ipv6", null, null)];

function read(words: readonly string[], options = OPTIONS) {
  return readOptionWords(cutOptionWords(words, options), options);
}

describe("the words of an option table", () => {
  test.each<readonly [string, readonly string[], Readonly<Record<string, readonly string[]>>]>([
    ["a value behind its letter", ["-b80"], { inboundPorts: ["80"] }],
    ["a value behind its letter and =", ["-b=80"], { inboundPorts: ["80"] }],
    ["a value in the next word", ["-b", "80", "--proxy-uid", "7"], { inboundPorts: ["80"], proxyUid: ["7"] }],
    ["a value behind =", ["--inbound-ports=a=b"], { inboundPorts: ["a=b"] }],
    ["an empty value", ["-b", "", "--proxy-uid="], { inboundPorts: [""], proxyUid: [""] }],
    ["a value that begins with a dash", ["--proxy-uid", "-1"], { proxyUid: ["-1"] }],
    ["a switch", ["--ipv6"], { ipv6: ["true"] }],
    ["a switch that is off", ["--ipv6=false"], { ipv6: ["false"] }],
    ["values in order", ["-b", "80", "-b", "81"], { inboundPorts: ["80", "81"] }],
  ])("give %s", (_, words, expected) => {
    const { values, findings } = read(words);
    expect(findings).toEqual([]);
    expect(Object.fromEntries([...values].map(([setting, { texts }]) => [setting, texts]))).toEqual(expected);
  });

  test("give every finding at once if they are wrong", () => {
    const { findings } = read(["--inbound-port", "80", "-x", "stray", "--proxy-uid"]);
    expect(findings.map(({ where, message }) => `${where}: ${message.split(";")[0]}`)).toEqual([
      "--inbound-port: There is no such option",
      "-x: There is no such option",
      "--proxy-uid: The value is missing: --proxy-uid takes UID. Write '' for an empty value.",
      '80: These words do not belong to any option: "80", "stray". Remove them, or put quotes around a value with spaces or *: -i \'*\'.',
    ]);
    expect(findings[0]?.message).toContain("did you mean --inbound-ports?");
  });

  test("ask for help by -h or --help, unless -h is another option", () => {
    expect(read(["-h"]).asksForHelp).toBe(true);
    expect(read(["--help"]).asksForHelp).toBe(true);
    expect(read(["-h", "1"], [option("host", "h", "HOST")]).asksForHelp).toBe(false);
  });
});

test("a switch reads what Go reads as true or false, and nothing else", () => {
  expect(["true", "T", "1", "0", "False", "yes", ""].map(readSwitch)).toEqual([
    "on",
    "on",
    "on",
    "off",
    "off",
    null,
    null,
  ]);
});
