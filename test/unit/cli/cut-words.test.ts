import { describe, expect, test } from "vitest";
import { readCutWords } from "../../../harness/cli/arguments/capture-options.ts";
import { cutCommandWords } from "../../../harness/cli/arguments/cut-words.ts";
import { MESHES } from "../../../harness/meshes/meshes.ts";
import { cutOptionWords } from "../../../harness/meshes/option-words.ts";

const COMMAND = { specs: [], withoutFlags: "tool", positionals: "none" } as const;
const IO = { environment: {}, workingDirectory: "/" };

describe("the words of a command line", () => {
  const words = ["-p15001", "-b", "80", "--proxy-uid", "-1", "--ipv6=false", "-q", "-x", "-h", "stray", "--", "-i"];
  test.each(MESHES)("reach the mesh $name as the same tokens as its own options alone", ({ name, options }) => {
    // Long options that a mesh does not have stay with the command.
    const long = words.filter((word) => {
      const flag = /^--([^=]+)/.exec(word)?.[1];
      return flag === undefined || options.some((option) => option.flag === flag);
    });
    const { dealt } = cutCommandWords(["--mesh", name, ...long], COMMAND, IO);
    const withoutIndex = (tokens: readonly object[]) => tokens.map((token) => ({ ...token, index: null }));
    expect(withoutIndex(dealt.mesh)).toEqual(withoutIndex(cutOptionWords(long, options)));
  });

  test("are tokenised once and read again for pods with other addresses", () => {
    const cut = cutCommandWords(["-b", "80"], COMMAND, IO);
    const addressesOf = (...podIps: readonly string[]) =>
      readCutWords(cut, { ...COMMAND, podIps }, IO).line?.capture.podIps;
    expect(addressesOf("10.244.0.2")).toEqual(["10.244.0.2"]);
    expect(addressesOf("fd00:244::2")).toEqual(["fd00:244::2"]);
  });

  test("are printed again without an option that asks for help, but with a value that looks like one", () => {
    const ports = ["--incoming-proxy-port", "4143", "--outgoing-proxy-port", "4140", "--proxy-uid", "2102"];
    const words = ["--mesh", "linkerd", ...ports, "--firewall-bin-path", "-h"];
    const { line } = readCutWords(cutCommandWords([...words, "-h"], COMMAND, IO), COMMAND, IO);
    expect(line?.captureWords).toEqual(words);
  });

  test("give the same findings each time they are read", () => {
    const cut = cutCommandWords(["--mesh", "nope", "--foo", "-q"], COMMAND, IO);
    const read = () => readCutWords(cut, COMMAND, IO).findings.map(({ where }) => where);
    expect(read()).toEqual(["--mesh", "--foo", "-q"]);
    expect(read()).toEqual(["--mesh", "--foo", "-q"]);
  });
});
