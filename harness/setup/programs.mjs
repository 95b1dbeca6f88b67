/**
 * Every program that a command or a test may start and that a minimal Debian does not have: what needs it, the Debian package that brings
 * it, and its name. The set-up installs what is missing. Tests run with a PATH that holds these programs, those of Debian's essential
 * packages, Node's and those of `node_modules`, and nothing else (`test/given-programs.ts`): a test cannot start a program that is not
 * listed here, though the developer's machine may have it.
 *
 * `netns`: the netns backend and the commands that read and write rules. `engine` and `base-image`: the set-up itself. `tests`: what only
 * tests start, and pip, which fetches the real Envoy for them. `browser`: what opens HTML reports in tests, where the release has it as a
 * package (docs/decisions/0123-a-browser-for-tests.md). Of packages joined by `|`, the first that this release has is meant: the
 * engine's client is a package of its own from Debian 13 on.
 */
const LIST = /** @type {const} */ ({
  netns: {
    iptables: [
      "iptables",
      "iptables-save",
      "iptables-restore",
      "iptables-nft",
      "iptables-nft-save",
      "iptables-nft-restore",
      "iptables-legacy",
      "iptables-legacy-save",
      "iptables-legacy-restore",
      "ip6tables",
      "ip6tables-save",
      "ip6tables-restore",
      "ip6tables-nft",
      "ip6tables-nft-save",
      "ip6tables-nft-restore",
      "ip6tables-legacy",
      "ip6tables-legacy-save",
      "ip6tables-legacy-restore",
    ],
    iproute2: ["ip", "ss"],
    nftables: ["nft"],
    uidmap: ["newuidmap", "newgidmap"],
  },
  engine: { "docker.io": ["dockerd"] },
  "base-image": { debootstrap: ["debootstrap"] },
  tests: {
    "docker-cli|docker.io": ["docker"],
    git: ["git"],
    python3: ["python3"],
    "python3-pip": ["pip3"],
  },
  browser: { chromium: ["chromium"] },
});

/** @typedef {keyof typeof LIST} Need */

/**
 * A program that the set-up installs where it is missing.
 * @typedef {{ readonly name: string, readonly package: string, readonly need: Need }} Program
 */

/** @type {readonly Program[]} */
export const PROGRAMS = Object.entries(LIST).flatMap(([need, packages]) =>
  Object.entries(packages).flatMap(([from, names]) =>
    names.map((/** @type {string} */ name) => ({ name, package: from, need: /** @type {Need} */ (need) })),
  ),
);
