import { describe, expect, test } from "vitest";
import type { CaptureConfig } from "../../../../harness/meshes/istio-1.4/config.ts";
import type { SettingName } from "../../../../harness/meshes/istio-1.4/options.ts";
import { SEED_WORDS } from "../../../../harness/meshes/istio-1.4/seed.ts";
import { type Around, accept, refuse } from "./capture-setup.ts";

const SIDECAR = "/x/sidecar.env";
const CLUSTER = "/x/cluster.env";

function check(words: readonly string[], expected: Partial<CaptureConfig>, around: Around = {}): void {
  expect(accept(words, around).config).toMatchObject(expected);
}

describe("the input is resolved to a config", () => {
  test("the seed command gives exactly this config", () => {
    expect(accept(SEED_WORDS).config).toEqual({
      dialect: "istio-1.4",
      proxyPort: 15001,
      inboundCapturePort: 15006,
      proxyUid: ["1337"],
      proxyGid: ["1337"],
      interceptionMode: "REDIRECT",
      inboundPortsInclude: "*",
      inboundPortsExclude: ["15020"],
      outboundIpRangesInclude: "*",
      outboundIpRangesExclude: [],
      outboundPortsExclude: [],
      kubevirtInterfaces: [],
      tproxyMark: 1337,
      tproxyRouteTable: 133,
      loopbackCapture: "on",
      podIps: ["10.0.0.5"],
    });
  });

  test("without any flag nothing is captured, and the owners are 1337 and 0", () => {
    check([], {
      inboundPortsInclude: [],
      outboundIpRangesInclude: [],
      proxyUid: ["1337", "0"],
      proxyGid: ["1337", "0"],
    });
  });

  const accepted: readonly (readonly [string, readonly string[], Partial<CaptureConfig>, Around?])[] = [
    [
      "joined values are values",
      ["-p15111", "-b*", "-u1338"],
      { proxyPort: 15111, inboundPortsInclude: "*", proxyUid: ["1338"] },
    ],
    [
      "the last of a repeated flag wins",
      ["-p", "1", "-p", "2", "-b", "80", "-b", ""],
      { proxyPort: 2, inboundPortsInclude: [] },
    ],
    [
      "long names of later releases are the same flags",
      ["--envoy-port=16001", "--istio-inbound-ports", "*"],
      { proxyPort: 16001, inboundPortsInclude: "*" },
    ],
    [
      "service names are ports, in ranges too",
      ["-b", "http,ftp-data,ssh:https"],
      { inboundPortsInclude: ["80", "20", "22:443"] },
    ],
    [
      "a range may be open at either end",
      ["-o", "8000:,:80,0:443"],
      { outboundPortsExclude: ["8000:65535", "0:80", "0:443"] },
    ],
    [
      "the proxy's ports may be service names",
      ["-p", "http", "-z", " https"],
      { proxyPort: 80, inboundCapturePort: 443 },
    ],
    ["a range of one is a port", ["-d", "80:80"], { inboundPortsExclude: ["80"] }],
    [
      "hexadecimal is read as iptables reads it",
      ["-p", "0x3a99", "-b", "0x50", "-u", "0x539"],
      { proxyPort: 15001, inboundPortsInclude: ["80"], proxyUid: ["1337"] },
    ],
    ["order and duplicates stay", ["-b", "443,80,443"], { inboundPortsInclude: ["443", "80", "443"] }],
    [
      "blanks around elements are trimmed",
      ["-b", " 80 , 443 ", "-i", "10.0.0.0/8, 10.1.2.3"],
      { inboundPortsInclude: ["80", "443"], outboundIpRangesInclude: ["10.0.0.0/8", "10.1.2.3/32"] },
    ],
    [
      "a comma at the end is harmless",
      ["-b", "80,", "-u", "5, ", "-x", "10.0.0.0/8,"],
      { inboundPortsInclude: ["80"], proxyUid: ["5"], outboundIpRangesExclude: ["10.0.0.0/8"] },
    ],
    [
      "host bits are masked off, masks are prefixes",
      ["-i", "10.1.2.3/16,10.1.2.3/255.0.0.0,10.1.2.3/255.0.255.0"],
      { outboundIpRangesInclude: ["10.1.0.0/16", "10.0.0.0/8", "10.0.2.0/255.0.255.0"] },
    ],
    ["/0 holds every address", ["-i", "1.2.3.4/0,2001:db8::/0"], { outboundIpRangesInclude: ["0.0.0.0/0", "::/0"] }],
    [
      "IPv6 is written canonically",
      ["-x", "2001:DB8:0:0::5,2001:db8::/ffff:ffff::"],
      { outboundIpRangesExclude: ["2001:db8::5/128", "2001:db8::/32"] },
    ],
    [
      "owners may be ranges and names",
      ["-u", "1000-2000,daemon,7-7", "-g", "www-data,5:6".replace(":", "-")],
      { proxyUid: ["1000-2000", "1", "7"], proxyGid: ["34", "5-6"] },
    ],
    [
      "without -g the uids' very text names groups",
      ["-u", "www-data,5"],
      { proxyUid: ["33", "5"], proxyGid: ["34", "5"] },
    ],
    ["an empty -u or -g is as absent", ["-u", "", "-g", ""], { proxyUid: ["1337", "0"], proxyGid: ["1337", "0"] }],
    ["the largest id is allowed", ["-u", "4294967294"], { proxyUid: ["4294967294"] }],
    ["an empty mode is REDIRECT", ["-m", ""], { interceptionMode: "REDIRECT" }],
    ["interfaces may end in +", ["-k", "net1,tap+"], { kubevirtInterfaces: ["net1", "tap+"] }],
    [
      "the mark may have all 32 bits, the table a name",
      [],
      { tproxyMark: 0xffffffff, tproxyRouteTable: 99 },
      { environment: { ISTIO_INBOUND_TPROXY_MARK: "0xffffffff", ISTIO_INBOUND_TPROXY_ROUTE_TABLE: "mesh" } },
    ],
    [
      "an empty variable of a number means the default",
      [],
      { proxyPort: 15001, tproxyMark: 1337, tproxyRouteTable: 133 },
      { environment: { ENVOY_PORT: "", ISTIO_INBOUND_TPROXY_MARK: "", ISTIO_INBOUND_TPROXY_ROUTE_TABLE: "" } },
    ],
    [
      "any value switches loopback capture off",
      [],
      { loopbackCapture: "off" },
      { environment: { DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK: "false" } },
    ],
    [
      "an empty value leaves it on",
      [],
      { loopbackCapture: "on" },
      { environment: { DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK: "" } },
    ],
    [
      "ENVOY_USER names the owner",
      [],
      { proxyUid: ["33", "0"], proxyGid: ["33", "0"] },
      { environment: { ENVOY_USER: "www-data" } },
    ],
    [
      "pod addresses are canonical",
      [],
      { podIps: ["2001:db8::5", "10.0.0.5"] },
      { podIps: ["2001:DB8::0005", " 10.0.0.5"] },
    ],
  ];
  for (const [claim, words, expected, around] of accepted) test(claim, () => check(words, expected, around));
});

describe("the place of highest precedence wins", () => {
  const files = [
    { path: SIDECAR, text: "# ours\nENVOY_PORT=3\nISTIO_INBOUND_PORTS=\n" },
    { path: CLUSTER, text: "export ENVOY_PORT=4 ISTIO_INBOUND_PORTS='*'\nINBOUND_CAPTURE_PORT=5\n" },
  ];
  const environment = {
    ENVOY_PORT: "6",
    INBOUND_CAPTURE_PORT: "7",
    ISTIO_SERVICE_CIDR: "*",
    ISTIO_LOCAL_EXCLUDE_PORTS: "8",
  };

  test("flag, sidecar.env, cluster.env, environment, default: each setting tells where it is from", () => {
    const { config, origins } = accept(["-z", "2", "-d", ""], { files, environment });
    expect(config).toMatchObject({
      proxyPort: 3,
      inboundCapturePort: 2,
      inboundPortsInclude: [],
      inboundPortsExclude: [],
      outboundIpRangesInclude: "*",
    });
    const told: Partial<Record<SettingName, unknown>> = {
      inboundCapturePort: { kind: "flag", flag: "-z" },
      inboundPortsExclude: { kind: "flag", flag: "-d" },
      proxyPort: { kind: "file", path: SIDECAR, line: 2, variable: "ENVOY_PORT" },
      inboundPortsInclude: { kind: "file", path: SIDECAR, line: 3, variable: "ISTIO_INBOUND_PORTS" },
      outboundIpRangesInclude: { kind: "variable", variable: "ISTIO_SERVICE_CIDR" },
      proxyUid: { kind: "default" },
      proxyGid: { kind: "copy", of: "proxyUid" },
      kubevirtInterfaces: { kind: "default" },
    };
    expect(origins).toMatchObject(told);
  });

  test("cluster.env beats the environment", () => {
    expect(accept([], { files, environment }).config.inboundCapturePort).toBe(5);
  });

  test("a finding about a file's value names the file, the line and the variable", () => {
    const [found] = refuse([], { files: [{ path: SIDECAR, text: "\nISTIO_SERVICE_CIDR=example.com\n" }] });
    expect(found).toMatchObject({
      where: SIDECAR,
      line: 2,
      message: expect.stringContaining("ISTIO_SERVICE_CIDR: Element 1"),
    });
  });
});

describe("bad input is refused", () => {
  const refused: readonly (readonly [string, readonly string[], string, Around?])[] = [
    ["an unknown flag", ["-q"], "-q"],
    ["an unknown long flag", ["--proxy"], "--proxy"],
    ["a flag without its value", ["-b"], "-b"],
    ["a stray word", ["-b", "80", "stop"], "stop"],
    ["a flag behind the end of flags", ["--", "-b"], "-b"],
    ["an empty port", ["-p", ""], "-p"],
    ["port 0", ["-z", "0"], "-z"],
    ["port 65536", ["-b", "65536"], "-b"],
    ["a port range for a single port", ["-p", "1:2"], "-p"],
    ["a range with a dash for the proxy's port", ["-p", "15001-15003"], "-p"],
    ["an unknown service", ["-z", "nosuch"], "-z"],
    ["octal", ["-b", "0120"], "-b"],
    ["a range downwards", ["-b", "90:80"], "-b"],
    ["a range of nothing", ["-b", ":"], "-b"],
    ["a range of port 0", ["-b", ":0"], "-b"],
    ["port 0 in a list", ["-b", "0"], "-b"],
    ["a range with a dash", ["-o", "80-90"], "-o"],
    ["three ends of a range", ["-o", "1:2:3"], "-o"],
    ["a leading comma", ["-b", ",80"], "-b"],
    ["a doubled comma", ["-x", "10.0.0.0/8,,10.1.0.0/16"], "-x"],
    ["blanks alone", ["-b", " "], "-b"],
    ["a blank between elements", ["-o", "80 443"], "-o"],
    ["a line break", ["-b", "80,\n443"], "-b"],
    ["the wildcard with blanks", ["-b", " *"], "-b"],
    ["the wildcard with a comma", ["-i", "*,"], "-i"],
    ["the wildcard of exclusions", ["-x", "*"], "-x"],
    ["the wildcard of interfaces", ["-k", "*"], "-k"],
    ["an id that means no id", ["-u", "4294967295"], "-u"],
    ["an owner range downwards", ["-g", "9-3"], "-g"],
    ["a negative owner", ["-u", "-5"], "-u"],
    ["an unknown group", ["-g", "nosuchgroup"], "-g"],
    ["a user that is not a group, if the gids are a copy", ["-u", "onlyuser"], "-u"],
    ["a mode in small letters", ["-m", "redirect"], "-m"],
    ["a mode with a blank", ["-m", "TPROXY "], "-m"],
    ["a host name for a range", ["-i", "example.com"], "-i"],
    ["an octet over 255", ["-i", "10.0.0.256"], "-i"],
    ["a short address", ["-i", "10/8"], "-i"],
    ["a prefix over 32", ["-x", "10.0.0.0/33"], "-x"],
    ["a prefix over 128", ["-x", "2001:db8::/129"], "-x"],
    ["an address with a zone", ["-x", "fe80::1%eth0"], "-x"],
    ["a long interface", ["-k", "abcdefghijklmnop"], "-k"],
    ["an interface with a slash", ["-k", "a/b"], "-k"],
    ["mark 0", [], "ISTIO_INBOUND_TPROXY_MARK", { environment: { ISTIO_INBOUND_TPROXY_MARK: "0" } }],
    [
      "a mark of 33 bits",
      [],
      "ISTIO_INBOUND_TPROXY_MARK",
      { environment: { ISTIO_INBOUND_TPROXY_MARK: "0x100000000" } },
    ],
    [
      "the kernel's main table",
      [],
      "ISTIO_INBOUND_TPROXY_ROUTE_TABLE",
      { environment: { ISTIO_INBOUND_TPROXY_ROUTE_TABLE: "main" } },
    ],
    ["a bad variable", [], "ENVOY_PORT", { environment: { ENVOY_PORT: "x" } }],
    ["a pod address that is none", [], "--pod-ip", { podIps: ["10.0.0"] }],
    ["a file that needs a shell", [], SIDECAR, { files: [{ path: SIDECAR, text: "ENVOY_PORT=$(id)" }] }],
  ];
  for (const [claim, words, where, around] of refused) {
    test(claim, () => expect(refuse(words, around).map((found) => found.where)).toEqual([where]));
  }

  test("every finding is reported at once, each with its place", () => {
    const findings = refuse(["-q", "-p", "x", "-b", "80,foo,", "-i", "*", "more"], {
      environment: { ISTIO_LOCAL_EXCLUDE_PORTS: "99999" },
      files: [{ path: CLUSTER, text: "no assignment" }],
    });
    expect(findings.map(({ where, line, column }) => [where, line, column])).toEqual([
      ["-q", null, null],
      ["more", null, null],
      [CLUSTER, 1, 1],
      ["-p", null, null],
      ["-b", null, 4],
      ["ISTIO_LOCAL_EXCLUDE_PORTS", null, 1],
    ]);
  });

  test("all stray words are one finding, the first few by name: patterns without quotes make many", () => {
    const files = ["a.md", "b.md", "c.md", "d.md"];
    expect(refuse(["-u", "1337", "-b", "80", ...files, "-i", "10.0.0.0/8", ...files])).toEqual([
      {
        code: "unexpected-word",
        where: "a.md",
        line: null,
        column: null,
        message:
          '8 words do not belong to any flag: "a.md", "b.md", "c.md" and others. (The original silently ignores them and every flag after the first.) ' +
          "Remove them, or put quotes around a value with spaces or *: -i '*'.",
      },
    ]);
    expect(refuse(["-b", "80", "x", "y"])[0]?.message).toMatch(/^2 words do not belong to any flag: "x", "y"\. \(/);
  });

  test("the article's command as printed is recognised, and the finding shows the correct one", () => {
    const words = SEED_WORDS.filter((word) => word !== "");
    const [swallowed, stray, ...more] = refuse(words);
    expect(more).toEqual([]);
    expect(swallowed?.where).toBe("-x");
    expect(swallowed?.message).toContain("-p 15001 -z 15006 -u 1337 -m REDIRECT -i '*' -x '' -b '*' -d 15020");
    expect(stray?.where).toBe("*");
  });
});

describe("-h and -t", () => {
  test.each([[["-h"]], [["-q", "-h"]], [["stray", "-b", "foo", "-h"]], [["--help"]]])(
    "%j asks for the usage",
    (words) => {
      expect(accept(words).purpose).toBe("usage");
    },
  );

  test("-t checks and applies nothing", () => {
    expect(accept(["-t", "-b", "80"]).purpose).toBe("check");
    expect(refuse(["-t", "-b", "foo"])).toHaveLength(1);
  });

  test("-h as a value does not ask for the usage", () => {
    expect(refuse(["-x", "-h"]).map((found) => found.where)).toEqual(["-x"]);
  });
});

describe("settings that are probably not meant get a warning", () => {
  const warned: readonly (readonly [string, readonly string[], string, Around?])[] = [
    ["exclusions together with a port list", ["-b", "80", "-d", "81"], "-d"],
    ["TPROXY without inbound ports", ["-m", "TPROXY"], "-m"],
    ["TPROXY on an IPv6 pod", ["-m", "TPROXY", "-b", "*"], "-m", { podIps: ["2001:db8::5"] }],
    ["IPv6 ranges on an IPv4 pod", ["-i", "2001:db8::/32"], "-i"],
    ["a range that the original drops", ["-i", "::/0"], "-i", { podIps: ["2001:db8::5"] }],
    ["a range with an IPv4 end", ["-x", "2001:db8::1.2.3.4"], "-x", { podIps: ["2001:db8::5"] }],
    ["a blank before a range", ["-i", "10.0.0.0/8, 172.16.0.0/12"], "-i"],
    ["a blank behind a range", ["-x", "10.0.0.0/8 ,172.16.0.0/12"], "-x"],
    ["a blank before an interface", ["-k", " eth1"], "-k"],
    ["a blank behind an interface", ["-k", "eth1 "], "-k"],
    ["a blank behind a port", ["-b", "80 ,443"], "-b"],
    ["a blank before a service", ["-o", "80, http"], "-o"],
    ["a blank behind the proxy's port", ["-p", "15002 "], "-p"],
    ["a blank before its name", ["-z", " http"], "-z"],
    ["a tab behind an owner", ["-u", "5\t"], "-u"],
    ["a blank before a user", ["-u", "5, daemon", "-g", "5"], "-u"],
    ["a blank behind a group", ["-u", "5", "-g", "5 "], "-g"],
    [
      "a blank in a file",
      [],
      SIDECAR,
      { files: [{ path: SIDECAR, text: "ISTIO_SERVICE_CIDR='10.0.0.0/8, 10.1.0.0/16'" }] },
    ],
    ["a user that is not there", [], "ENVOY_USER", { environment: { ENVOY_USER: "nosuchuser" } }],
    [
      "loopback off by false",
      [],
      "DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK",
      { environment: { DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK: "false" } },
    ],
  ];
  for (const [claim, words, where, around] of warned) {
    test(claim, () => expect(accept(words, around).warnings.map((found) => found.where)).toEqual([where]));
  }

  test("forms that the original accepts get none: blanks before numbers, and IPv6 that begins with a digit", () => {
    expect(accept(["-b", "80, 443", "-u", "5, 6", "-o", " 1", "-p", " 15002"]).warnings).toEqual([]);
    const ranges = ["-i", "0::/8,2001:db8::,1:2:3:4:5:6:7::/112"];
    expect(accept(ranges, { podIps: ["2001:db8::5"] }).warnings).toEqual([]);
  });

  test("the seed command gets none", () => {
    expect(accept(SEED_WORDS).warnings).toEqual([]);
  });
});
