import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type CaptureCommandOptions, readCaptureCommand } from "../../../harness/cli/arguments/capture-options.ts";
import { tellDefaultConfig } from "../../../harness/cli/arguments/told-settings.ts";
import type { Display } from "../../../harness/cli/command.ts";
import { LandfallError } from "../../../harness/errors.ts";
import { SEED_COMMAND, SEED_WORDS } from "../../../harness/meshes/istio-1.4/seed.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-options-"));
afterAll(() => rmSync(folder, { recursive: true }));

const display: Display = { columns: null, isTerminal: false, color: false, progress: "appended" };
const COMMAND: CaptureCommandOptions = {
  specs: [
    { name: "sandbox", value: "KIND", choices: ["netns", "docker"], help: "" },
    { name: "json", value: null, help: "" },
  ],
  withoutFlags: "injected",
  positionals: "own",
};

function read(args: readonly string[], command: Partial<CaptureCommandOptions> = {}) {
  return readCaptureCommand(
    args,
    { ...COMMAND, ...command },
    { environment: {}, workingDirectory: folder, err: () => {}, display },
  );
}

function placesOfFindings(args: readonly string[], command: Partial<CaptureCommandOptions> = {}): readonly string[] {
  try {
    read(args, command);
  } catch (error) {
    if (error instanceof LandfallError) return error.findings.map(({ where }) => where);
    throw error;
  }
  throw new Error("accepted");
}

describe("a command's own options together with the generator's", () => {
  test("may stand in any order", () => {
    const { options, capture, captureFrom } = read([
      "seed",
      "-b",
      "80",
      "--sandbox=netns",
      "-p15111",
      "--json",
      "more",
      "--envoy-port",
      "15112",
    ]);
    expect(Object.fromEntries(options.values)).toEqual({ sandbox: ["netns"], json: [""] });
    expect(options.positionals).toEqual(["seed", "more"]);
    expect(capture.settings).toMatchObject({ inboundPortsInclude: ["80"], proxyPort: 15112 });
    expect(captureFrom).toBe("flags");
  });

  test("without a flag of the generator mean the seed command, or Istio's defaults", () => {
    expect(read(["--json"]).capture.settings).toMatchObject({ inboundPortsInclude: "*" });
    expect(read(["--json"]).captureFrom).toBe("default");
    expect(read(["--json"], { withoutFlags: "tool" }).capture.settings).toMatchObject({ inboundPortsInclude: [] });
  });

  test.each([[["-t"]], [["--dry-run"]], [["-t", "--pod-ip", "10.0.0.5"]]])(
    "%j set nothing, and do not count as options",
    (words) => {
      const { purpose, captureFrom, captureWords } = read(words);
      expect({ captureFrom, captureWords, purpose }).toEqual({
        captureFrom: "default",
        captureWords: SEED_WORDS,
        purpose: "check",
      });
      expect(read([...words, "-b", "80"])).toMatchObject({ captureFrom: "flags", captureWords: ["-b", "80"] });
    },
  );

  test("without options the command says which settings it uses, and which variables change them or do not count", () => {
    const environment = { ISTIO_INBOUND_PORTS: "80", ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE: "9", HOME: "/" };
    const tell = (withoutFlags: "injected" | "tool", words: readonly string[]) => {
      let said = "";
      const err = (text: string) => {
        said += text;
      };
      const io = { environment, workingDirectory: folder, display, err };
      tellDefaultConfig(readCaptureCommand(words, { ...COMMAND, withoutFlags }, io), io);
      return said;
    };
    expect(tell("injected", ["-t"])).toBe(
      `landfall: no flag is given; landfall uses the settings of Istio 1.4's seed command (--mesh istio-1.4): ${SEED_COMMAND}, and the values of ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE. They outweigh ISTIO_INBOUND_PORTS.\n`,
    );
    expect(tell("tool", [])).toMatch(
      /^landfall: no flag is given; landfall uses Istio 1\.4's own defaults, which capture nothing, and the values of ISTIO_INBOUND_PORTS, ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE\. \(.*\)\n$/,
    );
    expect(tell("injected", ["-b", "80"])).toBe("");
  });

  test.each([
    ["istio-1.4", ["-t"]],
    ["istio-1.4", ["--dry-run"]],
    ["istio", ["-n"]],
    ["istio", ["--dry-run"]],
    ["istio-ambient", ["-t"]],
    ["linkerd", ["--simulate", "--incoming-proxy-port", "4143", "--outgoing-proxy-port", "4140"]],
    ["linkerd", ["-t"]],
    ["kuma", ["--dry-run"]],
    ["consul", ["--dry-run"]],
  ])("ask %s with %s to apply nothing, whether or not its own tool has the option", (mesh, words) => {
    expect(read(["--mesh", mesh, ...words]).purpose).toBe("check");
  });

  test("-t keeps its meaning for a mesh whose own tool has another -t", () => {
    const { purpose, captureWords } = read(["--mesh", "istio", "-t", "42", "-m", "TPROXY"]);
    expect([purpose, captureWords]).toEqual(["apply", ["--mesh", "istio", "-t", "42", "-m", "TPROXY"]]);
  });

  test("after -- are not options", () => {
    expect(read(["--", "-b"]).options.positionals).toEqual(["-b"]);
    expect(placesOfFindings(["--", "-b"], { positionals: "none" })).toEqual(["-b"]);
  });

  test("have all their findings reported at once", () => {
    expect(placesOfFindings(["--sandbox", "xen", "-b", "foo", "--jason", "-q", "-x"])).toEqual([
      "--sandbox",
      "--jason",
      "-q",
      "-x",
      "-b",
    ]);
  });

  test("an option whose value looks like a long option of the command is refused", () => {
    expect(placesOfFindings(["-x", "--json"])).toEqual(["-x"]);
  });

  test("--pod-ip decides the pod's family; otherwise the command decides, or the sandbox", () => {
    expect(read(["--pod-ip", "2001:db8::5,10.0.0.5"]).capture.podIps).toEqual(["2001:db8::5", "10.0.0.5"]);
    expect(read([], { podIps: [] }).capture.podIps).toEqual([]);
    expect(read([]).capture.podIps).toEqual(["10.244.0.2"]);
  });

  test("a named file must exist, and is found from the working directory", () => {
    writeFileSync(join(folder, "a.env"), "ENVOY_PORT=3\n");
    expect(read(["--sidecar-env", "a.env", "-b", "80"]).capture.settings).toMatchObject({ proxyPort: 3 });
    expect(placesOfFindings(["--cluster-env", "b.env"])).toEqual(["--cluster-env"]);
  });

  test("a file of any size is read or refused, never cut off", () => {
    const findingsOf = (text: string) => {
      writeFileSync(join(folder, "a.env"), text);
      return placesOfFindings(["--sidecar-env", "a.env"]).length;
    };
    expect(findingsOf("x\n".repeat(400_000))).toBe(400_000);
    expect(findingsOf(`A="${"a".repeat(999_990)}"\nx`)).toBe(1);
    expect(findingsOf(`A="${"a".repeat(20_000_000)}"\n`)).toBe(1);
  });
});
