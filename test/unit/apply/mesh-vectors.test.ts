import { describe, expect, test } from "vitest";
import { IS_THOROUGH } from "../../thoroughness.ts";
import {
  inputOf,
  listedTables,
  type RulesByPlace,
  readVectors,
  recordedRules,
  recordedTables,
  type Vector,
} from "../meshes/vectors.ts";
import { buildOnce, quoteWords, runInNamespace } from "./namespace-setup.ts";

buildOnce();

/** Inputs that leave no rules behind, since they ask for none, or to which rules of others belong. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  istio: ["a-dry-run", "a-skip-rule-apply", "a-injector-default-legacy"],
  linkerd: ["simulate"],
  kuma: ["dns-docker-output"],
  consul: ["foreign-nat-rule-first"],
};

/** Users that the machine on which the cases were recorded had. */
const USERS = "kuma-dp:x:5678:5678::/:/bin/false\nconsul-dp:x:5995:5995::/:/bin/false";

/** Prints the whole state of a namespace that rules, routing and addresses make, without counters; chains of nobody's are not there. */
const STATE = `
whole() {
  echo "=== $1"
  for tool in iptables ip6tables; do echo "== $tool"; $tool-save | grep -v '^#' | sed 's/ \\[[0-9:]*\\]$//'; done
  echo "== routing"; ip rule; ip -6 rule; ip -4 route show table all; ip -6 route show table all | grep -v 'fe80\\|ff00'
  ip -o addr show dev lo
  echo "== nft"; nft list ruleset inet | sed 's/packets [0-9]* bytes [0-9]*//'; echo "== listing"; nft -j list ruleset inet
}
{ cat /etc/passwd; printf '${USERS.replaceAll("\n", "\\n")}\\n'; } >/run/passwd; mount --bind /run/passwd /etc/passwd
`;

interface Case {
  readonly mesh: string;
  readonly vector: Vector;
}

/** Applies twice and cleans, and prints the state before and after each. */
function scriptOf({ mesh, vector }: Case): string {
  const { words, environment, config, pod } = inputOf(vector);
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${quoteWords([value ?? ""])}`);
  const options = [
    ...["--mesh", mesh, "--pod-ip", pod.addresses.join(","), "--resolv-conf", "/run/servers"],
    ...(config === null ? [] : ["--mesh-config", "/run/config"]),
  ];
  const apply = `env ${variables.join(" ")} $LANDFALL_MAIN apply ${quoteWords([...options, ...words])} >/run/out 2>/run/err; echo "code $?"`;
  return [
    `printf %s ${quoteWords([vector.resolv])} >/run/servers`,
    ...(config === null ? [] : [`printf %s ${quoteWords([config.text])} >/run/config`]),
    ...["whole before", apply, "whole applied", apply, "whole again", "landfall clean 2>/run/err", "whole cleaned"],
    "grep -v '^landfall: ' /run/err",
  ].join("\n");
}

const SECTIONS = ["before", "applied", "again", "cleaned"] as const;

type Sections = Readonly<Record<(typeof SECTIONS)[number], string>>;

/** Takes the printed states of one case apart; the codes stand in the state before each. */
function readSections(stdout: string): Sections {
  const parts = stdout.split(/^=== (?=before|applied|again|cleaned)/m).slice(1);
  return Object.fromEntries(parts.map((part) => [part.split("\n", 1)[0], part.slice(part.indexOf("\n") + 1)])) as never;
}

/** What nft counts and how it numbers is not part of a state: its text stands beside the listing. */
const withoutCodes = (text: string) => text.replaceAll(/^code \d+\n|^== listing\n.*\n/gm, "");

/** The rules of a state by family and table, as a vector has them. */
function rulesOf(text: string): RulesByPlace {
  const found = new Map<string, string[]>();
  let [family, table] = ["", ""];
  for (const line of text.split("\n")) {
    if (line.startsWith("== ")) family = line === "== iptables" ? "ip" : "ip6";
    else if (line.startsWith("*")) table = line.slice(1);
    else if (line.startsWith("-A "))
      found.set(`${family} ${table}`, [...(found.get(`${family} ${table}`) ?? []), line]);
  }
  return Object.fromEntries(found);
}

/** Tables and chains that the kernel keeps empty say nothing. */
function dropEmpty(text: string): string {
  return withoutCodes(text).replaceAll(
    /^\*\w+\n(:(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) ACCEPT\n)*COMMIT\n/gm,
    "",
  );
}

/** Which tables of which families hold rules, and whether routing or addresses change. */
function kindOf(vector: Vector): string {
  return [
    ...Object.keys(recordedRules(vector)),
    vector.lo_addrs?.join() ?? "",
    vector.inputs.flags?.includes("TPROXY"),
  ].join();
}

/** The native rules of a state, as a vector has them. */
function tablesOf(text: string): readonly string[] {
  return listedTables(/^== listing\n(.*)$/m.exec(text)?.[1] ?? "");
}

/** The option that chooses Consul's native rules; its recording has no command line. */
const NATIVE = ["--native-nftables"];

/** Gives the cases of native rules: the first one, and in a thorough run every case. */
function chooseNative(mesh: string): readonly Vector[] {
  if (!HAS_NATIVE.includes(mesh)) return [];
  const all = readVectors(`${mesh}-nftables.json`).filter(
    ({ name, rc, bad }) => rc === 0 && !bad && name !== "foreign-nat-rule-first",
  );
  return (IS_THOROUGH ? all : all.slice(0, 1)).map((vector) => {
    const name = vector.name.startsWith("nft:") ? vector.name : `nft:${vector.name}`;
    return { ...vector, name, inputs: { ...vector.inputs, flags: vector.inputs.flags ?? NATIVE } };
  });
}

/**
 * Gives the first case of each kind of state; in a thorough run every case, which takes minutes. The generated texts of all of them
 * are compared in the tests of each mesh.
 */
function chooseVectors(mesh: string): readonly Vector[] {
  const all = readVectors(`${mesh}.json`).filter(
    ({ name, rc, bad }) => rc === 0 && !bad && !(LEFT_OUT[mesh] ?? []).includes(name),
  );
  if (IS_THOROUGH) return all;
  return [...Map.groupBy(all, kindOf).values()].flatMap(([first]) => first ?? []);
}

const HAS_NATIVE = ["istio", "consul"];
const MESHES = ["istio", "istio-ambient", "linkerd", "kuma", "consul"];

describe.each(MESHES)(
  "apply of %s loads the recorded rules, a second one changes nothing, and clean leaves nothing:",
  (mesh) => {
    test.concurrent.each([...chooseVectors(mesh), ...chooseNative(mesh)])("$name", async (vector) => {
      const script = [STATE, scriptOf({ mesh, vector })].join("\n");
      const { stdout } = await runInNamespace(script, {
        podIps: ["10.0.0.5"],
        variant: vector.iptables_legacy ? "legacy" : "nft",
      });
      const sections = readSections(stdout);
      expect([...stdout.matchAll(/^code (\d+)$/gm)].map(([, code]) => code)).toEqual(["0", "0"]);
      expect(rulesOf(sections.applied)).toEqual(recordedRules(vector));
      expect(tablesOf(sections.applied)).toEqual(recordedTables(vector));
      expect(withoutCodes(sections.again)).toBe(withoutCodes(sections.applied));
      expect(dropEmpty(sections.cleaned)).toBe(dropEmpty(sections.before));
    });
  },
);
