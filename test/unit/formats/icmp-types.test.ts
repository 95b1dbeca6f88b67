import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { renderList } from "../../../harness/formats/list.ts";
import { renderListing } from "../../../harness/formats/listing.ts";
import { FAMILIES, type Family } from "../../../harness/model/address.ts";

/** Every name that `iptables -p icmp -h` prints, numbers in all their forms, and beginnings that only one name has. */
const VALUES: Readonly<Record<Family, string>> = {
  4:
    "any echo-reply pong destination-unreachable network-unreachable host-unreachable protocol-unreachable port-unreachable " +
    "fragmentation-needed source-route-failed network-unknown host-unknown network-prohibited host-prohibited " +
    "TOS-network-unreachable TOS-host-unreachable communication-prohibited host-precedence-violation precedence-cutoff source-quench " +
    "redirect network-redirect host-redirect TOS-network-redirect TOS-host-redirect echo-request ping router-advertisement " +
    "router-solicitation time-exceeded ttl-exceeded ttl-zero-during-transit ttl-zero-during-reassembly parameter-problem ip-header-bad " +
    "required-option-missing timestamp-request timestamp-reply address-mask-request address-mask-reply " +
    "8 010 0x8 3/1 8/0 255 255/3 200/255 pi tos-host-un Echo-Req",
  6:
    "destination-unreachable no-route communication-prohibited beyond-scope address-unreachable port-unreachable failed-policy " +
    "reject-route packet-too-big time-exceeded ttl-exceeded ttl-zero-during-transit ttl-zero-during-reassembly parameter-problem " +
    "bad-header unknown-header-type unknown-option echo-request ping echo-reply pong router-solicitation router-advertisement " +
    "neighbour-solicitation neighbor-solicitation neighbour-advertisement neighbor-advertisement redirect 128 128/0 255 255/3 pi",
};
const NAMELESS = { host: () => null, service: () => null, user: () => null, group: () => null };

describe.each(FAMILIES)("types of ICMP over IPv%i", (family) => {
  const option = family === 4 ? "-p icmp --icmp-type" : "-p icmpv6 --icmpv6-type";
  const lines = VALUES[family].split(" ").flatMap((value, i) => {
    const negated = option.replace(" --", " ! --");
    return [`-A OUTPUT ${option} ${value}`, ...(i % 3 === 0 ? [`-A OUTPUT ${negated} ${value}`] : [])];
  });
  const text = ["*filter", ":OUTPUT ACCEPT [0:0]", ...lines, "COMMIT", ""].join("\n");

  test.each(["nft", "legacy"])("are read and printed as iptables-%s does", (variant) => {
    const tool = `${family === 4 ? "iptables" : "ip6tables"}-${variant}`;
    const script = `${tool}-restore && ${tool} -S && echo == && ${tool} -n -L && echo == && ${tool} -L`;
    const printed = execFileSync("unshare", ["-n", "sh", "-c", script], { input: text, encoding: "utf8" });
    const [list = "", numbers = "", names = ""] = printed.split("==\n");
    const parsed = parseIptablesSave(text, { where: "types", family });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
    const ends = (listing: string) =>
      listing.split("\n").flatMap((line) => / (?:ipv6-)?icmp[ t].*/.exec(line.slice(20)) ?? []);
    expect(renderList(parsed.value, "filter")).toBe(list);
    expect(ends(renderListing(parsed.value, "filter"))).toEqual(ends(numbers));
    expect(ends(renderListing(parsed.value, "filter", { naming: NAMELESS }))).toEqual(ends(names));
    expect(ends(names)).toHaveLength(lines.length);
  });
});
