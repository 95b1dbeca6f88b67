import { type BadInput, type CaseFile, FOLDER, HOSTILE, PIPE, refuses, SIMULATED } from "./case.ts";

const rules = (what: string, text: CaseFile, says = /./) =>
  refuses(`rules ${what}`, ["map", "--rules", "r.txt"], { "r.txt": text }, { says });
const nat = (...lines: readonly string[]) => `*nat\n:OUTPUT ACCEPT [0:0]\n${lines.join("\n")}\nCOMMIT\n`;
const line = (what: string, text: string) => rules(`with ${what}`, nat(`-A OUTPUT ${text}`), /r\.txt:3/);
const WRONG = "-A OUTPUT -p tcp --dport 99999 -j ACCEPT";
const bytes = (...values: readonly number[]) => Uint8Array.from(values);
const latin = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const utf16 = (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"));

/** Forms that no command takes, and that somebody has at hand. */
const FORMS: readonly (readonly [string, string])[] = [
  [
    "of nft with a port that is none",
    "table ip nat {\n\tchain OUTPUT {\n\t\ttype nat hook output priority -100; policy accept;\n\t\ttcp dport 80 redirect to :99999\n\t}\n}\n",
  ],
  [
    "of nft, flat, for a chain that is not there",
    "add table ip nat\nadd chain ip nat OUTPUT { type nat hook output priority -100; }\nadd rule ip nat NOWHERE tcp dport 80 redirect to :15001\n",
  ],
  [
    "of nft, as JSON, of a family that is none",
    '{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "ipx", "name": "nat"}}]}',
  ],
  ["of nft that is cut off", "table ip nat {\n\tchain OUTPUT {"],
  [
    "of ufw",
    "Status: active\n\nTo                         Action      From\n--                         ------      ----\n22/tcp                     ALLOW       Anywhere\n",
  ],
  ["of pf", "rdr pass on en0 inet proto tcp to any port 80 -> 127.0.0.1 port 15001\n"],
  ["of ebtables", "*broute\n:BROUTING ACCEPT\n-A BROUTING -p IPv4 -j redirect --redirect-target DROP\n"],
  ["of ipset", "create a hash:ip family inet hashsize 1024 maxelem 65536\nadd a 10.0.0.1\n"],
  ["that are YAML", "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n"],
  ["that are XML", '<?xml version="1.0"?>\n<iptables-rules version="1.0"><table name="nat"/></iptables-rules>\n'],
  ["that are HTML", "<!doctype html><title>404</title>\n"],
  [
    "that are what -L prints",
    "Chain OUTPUT (policy ACCEPT)\ntarget     prot opt source               destination\nREDIRECT   tcp  --  anywhere             nowhere!             redir prts 15001\n",
  ],
  [
    "that are what -L prints, cut off",
    "Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)\n pkts bytes target     prot opt in     out     source               destination\n    0     0 REDIRECT   tcp",
  ],
  [
    "that are what -L prints, with hostile bytes",
    `Chain ${HOSTILE} (policy ACCEPT)\ntarget     prot opt source               destination\n${HOSTILE}\n`,
  ],
  ["that are what -S prints, with hostile bytes", `-P OUTPUT ACCEPT\n-A OUTPUT -j ${HOSTILE}\n`],
  ["that are what -S prints, with two policies", "-P OUTPUT SOMETHING\n-P OUTPUT ACCEPT\n"],
  ["that are commands with an unknown option", "iptables -t nat -A OUTPUT --no-such-option 1 -j ACCEPT\n"],
  ["that are commands of another program", "rm -rf nothing\n"],
  ["that are commands with a substitution", "iptables -t nat -A OUTPUT -p tcp --dport $(cat port) -j ACCEPT\n"],
  ["that are commands in a loop", "for i in 1 2; do iptables -t nat -A OUTPUT -j ACCEPT; done\n"],
  ["that are commands with an open quotation", 'iptables -t nat -A OUTPUT -m comment --comment "open -j ACCEPT\n'],
];

const LINES: readonly (readonly [string, string])[] = [
  ["a port that is none", "-p tcp -m tcp --dport 99999 -j ACCEPT"],
  ["a port of words", "-p tcp -m tcp --dport no-such-service -j ACCEPT"],
  ["a range of ports upside down", "-p tcp -m tcp --dport 90:80 -j ACCEPT"],
  ["a port without a protocol", "--dport 80 -j ACCEPT"],
  ["sixteen ports", `-p tcp -m multiport --dports ${Array.from({ length: 16 }, (_, i) => i + 1).join(",")} -j ACCEPT`],
  ["an address that is none", "-d 1.2.3.4.5 -j ACCEPT"],
  ["an address of the other family", "-d 2001:db8::1 -j ACCEPT"],
  ["a network with too many bits", "-d 10.0.0.0/33 -j ACCEPT"],
  ["a host's name for an address", "-d example.invalid -j ACCEPT"],
  ["a target full of control characters", `-j ${HOSTILE}`],
  ["two targets", "-j ACCEPT -j RETURN"],
  ["no target's name", "-j"],
  ["an option that nobody knows", "--no-such-option -j ACCEPT"],
  ["an option full of control characters", `--${HOSTILE} 1 -j ACCEPT`],
  ["an option that is there twice", "-p tcp -p udp -j ACCEPT"],
  ["a protocol that is none", "-p nothing -j ACCEPT"],
  ["a negation of nothing", "! -j ACCEPT"],
  ["two negations", "! ! -p tcp -j ACCEPT"],
  ["an owner that is none", "-m owner --uid-owner -1 -j ACCEPT"],
  ["an owner beyond 32 bits", "-m owner --uid-owner 4294967296 -j ACCEPT"],
  ["a redirection to no port", "-p tcp -j REDIRECT --to-ports 0x"],
  ["a redirection beyond 65535", "-p tcp -j REDIRECT --to-ports 70000"],
  ["a destination that is none", "-p tcp -j DNAT --to-destination nowhere:80"],
  ["a mark that is none", "-m mark --mark 0xzz -j ACCEPT"],
  ["a state that is none", "-m conntrack --ctstate SOMETIMES -j ACCEPT"],
  ["an open quotation", `-m comment --comment "${HOSTILE}`],
  ["a comment that is too long", `-m comment --comment "${"x".repeat(300)}" --dport 99999`],
  ["a word of a million letters", `-j ${"x".repeat(1e6)}`],
  ["a million words", `${"-p ".repeat(1e6)}`],
];

const CIRCLE = "*nat\n:A - [0:0]\n:B - [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j A\n-A A -j B\n-A B -j A\nCOMMIT\n";

/** Rules that no command can read, in every form that people have them. */
export const RULES_CASES: readonly BadInput[] = [
  rules("that are a folder", FOLDER, /directory/),
  refuses("rules that are nowhere", ["map", "--rules", `nowhere${HOSTILE}`]),
  refuses("rules below a file", ["map", "--rules", "r.txt/x"], { "r.txt": "" }),
  refuses("rules behind a name that is too long", ["map", "--rules", "x".repeat(5_000)]),
  refuses("rules behind a name with NUL", ["map", "--rules", "a\u0000b"]),
  refuses("rules that cannot be read at all", ["map", "--rules", "/proc/self/mem"], {}, { says: /EIO/ }),
  rules("from a pipe that nobody writes", PIPE, /nothing was written/),
  refuses(
    "rules6 from a pipe that nobody writes",
    ["map", "--rules6", "r"],
    { r: PIPE },
    { says: /nothing was written/ },
  ),
  refuses("rules from a device without end", ["map", "--rules", "/dev/zero"], {}, { says: /MiB/ }),
  rules("that are prose", `hello ${HOSTILE}\n`),
  rules("with an unknown table", "*nut\nCOMMIT\n"),
  rules("with a table whose name is hostile", `*${HOSTILE}\nCOMMIT\n`),
  rules("with a table that is there twice", `${nat()}${nat()}`),
  rules("that are never committed", "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j ACCEPT\n"),
  rules("that are committed only", "COMMIT\nCOMMIT\n"),
  rules("that are cut off", "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j"),
  rules("of a chain that is nowhere", nat("-A NOWHERE -j ACCEPT")),
  rules("with a policy that is none", "*nat\n:OUTPUT MAYBE [0:0]\nCOMMIT\n"),
  rules("with counters that are none", "*nat\n:OUTPUT ACCEPT [many:0]\nCOMMIT\n"),
  rules("with a chain whose name is too long", `*nat\n:${"C".repeat(40)} - [0:0]\nCOMMIT\n`),
  rules("that jump in a circle", CIRCLE),
  rules("that insert at place 0", nat("-I OUTPUT 0 -j ACCEPT")),
  rules("that delete what is not there", nat("-D OUTPUT -j ACCEPT")),
  rules("of bytes that are no text", bytes(0, 1, 2)),
  rules(
    "of bytes at random",
    Uint8Array.from({ length: 4_096 }, (_, i) => (i * 7_919 + (i >> 3) * 104_729) % 256),
  ),
  rules("with a NUL in a line", nat("-A OUTPUT -j ACC\u0000EPT")),
  rules("with a broken UTF-8", latin(nat("-A OUTPUT -j \xff\xfe\xc3\x28"))),
  rules("with UTF-8 that is longer than it must be", latin(nat("-A OUTPUT -j \xc0\xafx"))),
  rules("of UTF-16 without a mark", new Uint8Array(Buffer.from(nat("-A OUTPUT -j ACCEPT"), "utf16le"))),
  rules("of UTF-16 that are wrong", utf16(nat(WRONG))),
  rules("of half a character of UTF-16", bytes(0xff, 0xfe, 0x2a)),
  rules("behind a byte order mark that are wrong", `\ufeff${nat(WRONG)}`),
  rules("with lines of Windows that are wrong", nat(WRONG).replaceAll("\n", "\r\n")),
  rules("with lines of an old Mac", nat(WRONG).replaceAll("\n", "\r")),
  rules("with separators of lines that are none", nat(`-A OUTPUT -j ACCEPT\u2028${WRONG}`)),
  rules("with a hundred thousand wrong lines", nat(...Array(1e5).fill(WRONG)), /not shown/),
  rules("that are a hundred thousand lines of prose", "no rule at all\n".repeat(1e5), /./),
  rules("that are one line of ten million letters", "x".repeat(1e7)),
  rules("that are ten million brackets", "[".repeat(1e7)),
  ...LINES.map(([what, text]) => line(what, text)),
  ...FORMS.map(([what, text]) => rules(what, text)),
  refuses("a table that is none", ["map", "--rules", "r", "--table", HOSTILE], { r: nat() }),
  refuses("a table that two files have", ["map", "--rules", "a", "--rules", "b"], { a: nat(), b: nat() }),
  refuses("rules to explain that are prose", ["explain", "client -> pod:22", "--rules", "r"], { r: HOSTILE }),
  refuses("rules to prove that are prose", ["prove", "--rules", "r"], { r: HOSTILE }),
  refuses("rules to mutate that are prose", ["mutate", "--rules", "r", ...SIMULATED], { r: HOSTILE }),
  refuses("rules to verify that are prose", ["verify", "--rules", "r", ...SIMULATED], { r: HOSTILE }),
  refuses(
    "rules to verify from a pipe",
    ["verify", "--rules", "r", ...SIMULATED],
    { r: PIPE },
    { says: /nothing was written/ },
  ),
  refuses("rules to compare from a pipe", ["diff", "a", "r"], { a: nat(), r: PIPE }, { says: /nothing was written/ }),
  refuses("to compare prose with what is nowhere", ["diff", "a", "nowhere"], { a: HOSTILE }),
  refuses("to compare with what is no rule set", ["diff", "a", "b"], { a: nat(), b: HOSTILE }),
  refuses("to compare with a folder", ["diff", "a", "b"], { a: nat(), b: FOLDER }),
  refuses("a script that is a folder", ["verify", "--rules-script", "s", ...SIMULATED], { s: FOLDER }),
  refuses("a script that is nowhere", ["verify", "--rules-script", "s", ...SIMULATED]),
  refuses(
    "a script that is a pipe",
    ["verify", "--rules-script", "s", ...SIMULATED],
    { s: PIPE },
    { says: /regular file/ },
  ),
  refuses(
    "a script that is a device",
    ["verify", "--rules-script", "/dev/zero", ...SIMULATED],
    {},
    { says: /regular/ },
  ),
  refuses("a script beside rules", ["verify", "--rules-script", "s", "--rules", "s", ...SIMULATED], { s: "" }),
  refuses("rules to watch that are a pipe", ["verify", "--watch", "--rules", "r", ...SIMULATED], { r: PIPE }),
  refuses("rules to watch that are a device", ["verify", "--watch", "--rules", "/dev/null", ...SIMULATED]),
  refuses(
    "rules to watch from standard input",
    ["verify", "--watch", "--rules", "-", ...SIMULATED],
    {},
    { says: /regular/ },
  ),
  refuses("rules6 to watch that are a pipe", ["verify", "--watch", "--rules6", "r", ...SIMULATED], { r: PIPE }),
];
