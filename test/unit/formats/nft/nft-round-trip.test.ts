import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { readNft } from "../../../../harness/formats/nft/read-nft.ts";
import { renderNftJson, renderNftText } from "../../../../harness/formats/nft/write-nft.ts";
import { takeShare } from "../../../thoroughness.ts";
import { NAMES, type PairItem, readItems, type SemanticsItem } from "../../nft-vectors.ts";

/** What nft's JSON cannot say: a dormant table, and a set with typeof. */
const TEXT_ONLY = ["dormant-table", "set-typeof"];
/** An ingress chain is kept beside the tables, and not written. */
const KEPT = ["inet-ingress"];

/** Bits that are put together in a set and in a map, classes of traffic control, and an error by its number. */
const RARE = `table ip rare {
  chain output {
    type filter hook output priority 0; policy accept;
    tcp flags { syn, syn | ecn, fin | syn | rst } counter
    tcp flags fin,syn,rst counter
    tcp flags syn / fin,syn,rst,ack counter
    tcp flags vmap { syn | ack : drop }
    meta priority set 1:2
    meta priority set abc:1f
    ip protocol udp reject with icmp 1
    ip protocol udp reject with icmp type 13
  }
}
`;

const items = [
  ...readItems<SemanticsItem>("nft-semantics.json").filter(({ load }) => !load),
  ...readItems<PairItem>("nft-pairs.json"),
];

/** What the kernel lists after nft has loaded a text, in a network namespace of its own, without numbers that count what was made. */
function listAfter(text: string, flag: "" | "-j"): string {
  const command = `cat | nft ${flag} -f - && nft -j list ruleset`;
  const { status, stdout, stderr } = spawnSync("unshare", ["-n", "sh", "-c", command], {
    input: text,
    encoding: "utf8",
  });
  if (status !== 0) return stderr;
  return stdout.replace(/,? ?"(?:handle|expires)": \d+/g, "");
}

describe("rules that are parsed and rendered again are the same in the kernel", () => {
  const cases = items.flatMap(({ name, nft }) => (nft === null || KEPT.includes(name) ? [] : [[name, nft] as const]));
  test.each([...takeShare(cases, 6), ["rarely-listed", RARE] as const])("%s", (name, nft) => {
    const read = readNft(nft, { where: name, names: NAMES });
    if (!read.ok) throw new Error(read.findings.map(({ message }) => message).join("\n"));
    const wanted = listAfter(nft, "");
    expect(wanted).toContain('"nftables"');
    expect(listAfter(renderNftText(read.value.tables), "")).toBe(wanted);
    if (TEXT_ONLY.includes(name)) expect(() => renderNftJson(read.value.tables)).toThrow("cannot be written");
    else expect(listAfter(renderNftJson(read.value.tables), "-j")).toBe(wanted);
  });
});
