import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { completeInBash } from "./complete-in-bash.ts";
import { runCommand } from "./run-command.ts";

/** A folder whose files are the kernel's, and known. */
const FOLDER = "/proc/sys/net/unix";
const FILES = readdirSync(FOLDER);
const complete = (...words: readonly string[]) => completeInBash(FOLDER, words);

describe("shell completion", () => {
  test.each([
    ["a command's name", ["ver"], ["verify"]],
    ["an option of the command, and of no other", ["verify", "--min"], ["--min-coverage"]],
    ["no option of another command", ["doctor", "--min"], [""]],
    ["the names of scenarios", ["verify", "uid"], ["uid-1337-no-loop", "uid-and-gid-apart", "uid-list", "uid-range"]],
    ["the names of scenarios and files, both", ["verify", "se"], ["seed"]],
    ["names of scenarios behind another, or a value", ["verify", "--sandbox", "netns", "se"], ["seed"]],
    ["the names of scenarios to mutate", ["mutate", "uid-l"], ["uid-list"]],
    ["no name of a scenario for another command", ["explain", "se"], [""]],
    ["the names of meshes to describe, and no file", ["meshes", "istio"], ["istio-1.4", "istio", "istio-ambient"]],
    ["the shells that have a script, and no file", ["completion", ""], ["bash", "zsh", "fish"]],
    ["files for a mesh's option that takes a path", ["apply", "--network-namespace", ""], FILES],
    ["no file for a container, which no engine names here", ["inspect", ""], [""]],
    ["options of a command that takes a container", ["inspect", "--pi"], ["--pid"]],
    [
      "the values of an option, and nothing else",
      ["verify", "--sandbox", ""],
      ["docker", "netns", "simulated", "auto"],
    ],
    ["one value that is begun", ["verify", "--envoy", "r"], ["real"]],
    ["files only, where an option takes one", ["explain", "--rules", ""], FILES],
    ["files that are begun", ["verify", "--report", FILES[0]?.slice(0, 3) ?? ""], [FILES[0]]],
    ["the few values of a flag of Istio's", ["verify", "-m", ""], ["REDIRECT", "TPROXY"]],
    ["those of its long name, begun", ["apply", "--istio-inbound-interception-mode", "T"], ["TPROXY"]],
    ["what stands for every port, in quotes, not the files of the folder", ["generate", "-b", ""], ["'*'"]],
    ["what stands for every range", ["mutate", "-i", ""], ["'*'"]],
    ["a flag of Istio's by its long name", ["verify", "--istio-service-c"], ["--istio-service-cidr"]],
    ["nothing for an option whose values cannot be listed", ["verify", "-u", ""], [""]],
    ["nothing, where no list knows the value", ["verify", "--jobs", ""], [""]],
  ])("gives %s", (_, words, expected) => {
    expect(complete(...words)).toEqual(expected);
  });

  test("asks no engine if its socket is missing or it is reached over ssh", () => {
    // Whatever would start the engine's client says so.
    const watched = "timeout() { echo asked; }";
    const hosts = ["unix:///nowhere/docker.sock", "ssh://nowhere", "tcp://127.0.0.1:1"];
    const offered = hosts.map((host) =>
      completeInBash(FOLDER, ["inspect", ""], `export DOCKER_HOST=${host}; ${watched}`),
    );
    expect(offered).toEqual([[""], [""], ["asked"]]);
    expect(completeInBash(FOLDER, ["inspect", ""], "export DOCKER_HOST=tcp://127.0.0.1:1")).toEqual([""]);
  });

  test("offers no name that contains shell syntax", () => {
    const before = "command() { printf '%s\\n' red '$(touch x)' 'a b' blue; }";
    expect(completeInBash(FOLDER, ["inspect", "--netns", ""], before)).toEqual(["red", "blue", ...FILES]);
  });

  test("for fish offers containers instead of files, and namespaces in addition to files", async () => {
    const { out } = await runCommand("completion", "fish");
    expect(out).toContain(
      "complete -c landfall -n '__fish_seen_subcommand_from inspect' -f -a '(__landfall_containers)'\n",
    );
    expect(out).toContain("complete -c landfall -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n");
    expect(out).toContain("from inspect' -l netns -r -F -a '(__landfall_namespaces)'\n");
  });

  test.each(["bash", "zsh", "fish"])("for %s names every command", async (shell) => {
    const { code, out } = await runCommand("completion", shell, "--json");
    const { script: text } = JSON.parse(out) as { readonly script: string };
    expect(code).toBe(0);
    for (const command of ["verify", "generate", "merge", "completion"]) expect(text).toContain(command);
  });

  test("for fish offers an option's letter as well as its name, and its values", async () => {
    const { out } = await runCommand("completion", "fish");
    const about = (name: string) => out.split("\n").find((line) => line.includes(`from verify' -l ${name} `));
    expect(about("istio-inbound-ports")).toMatch(/ -s b -x -a "'\*'"$/);
    expect(about("istio-inbound-interception-mode")).toMatch(/ -s m -x -a "REDIRECT TPROXY"$/);
  });

  test("is refused for an unknown shell", async () => {
    expect((await runCommand("completion", "tcsh")).code).toBe(2);
  });
});
