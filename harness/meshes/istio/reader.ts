import { addressValue, networkHolds, parseNetwork, prefixLength } from "../../model/address.ts";
import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import type { Range } from "../../model/match.ts";
import type { NameLookups } from "../../model/name-lookups.ts";
import type { MeshInput, ReadSettings } from "../mesh.ts";
import { type Note, readPort, splitList } from "../values.ts";
import { type Given, lookUpSettings } from "./given.ts";
import {
  HIGHEST_NUMBER,
  numberReader,
  ownerReader,
  portReader,
  readCidr,
  readInterface,
  readList,
  readListOrAll,
  readRouteTable,
} from "./lists.ts";
import { ISTIO_OPTIONS } from "./options.ts";
import { listPodFamilies } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";
import { findToolFaults } from "./tool-faults.ts";
import { warn } from "./warnings.ts";

const DEFAULT_UID = 1337;
const DEFAULT_USER = "istio-proxy";
/** As many gids as one rule holds, of iptables 1.8.9 and of nftables; the tool's own limit of 64 is never reached. */
const GROUPS_AT_MOST = { off: 49, on: 63 } as const;

/** Reads the words and variables of istio-iptables, all findings at once. It has no file of settings. */
export function readIstio(input: MeshInput): Parsed<ReadSettings<IstioSettings>> {
  const given = lookUpSettings(input);
  const { findings } = given;
  if (input.config !== null)
    findings.push(
      codedFinding(
        "unsupported",
        "--mesh-config",
        "istio-iptables does not read a settings file; use its flags and variables.",
      ),
    );
  const settings = readSettings(given, input.names, input.environment["ENVOY_USER"]);
  check(settings, given, input.pod.addresses);
  findings.push(...findToolFaults(given));
  if (findings.length > 0 && !given.asksForHelp) return { ok: false, findings };
  const purpose = given.asksForHelp ? "usage" : given.readSwitch("dryRun") === "on" ? "check" : "apply";
  const origins = Object.fromEntries(
    ISTIO_OPTIONS.filter(({ effect }) => effect === "rules").map(({ setting }) => [setting, given.origin(setting)]),
  );
  return { ok: true, value: { settings, origins, warnings: warn(settings, input), purpose } };
}

function readSettings(given: Given, names: NameLookups, user: string | undefined): IstioSettings {
  const port = (setting: string, otherwise: number) => given.read(setting, otherwise, readPort);
  const readPorts = portReader(names.service, given.readSwitch("nativeNftables"));
  const ports = (setting: string) =>
    given.read<readonly Range[]>(setting, [], (text, note) => readList(text, readPorts, note));
  const interfaces = (setting: string) =>
    given.read<readonly string[]>(setting, [], (text, note) => readList(text, readInterface, note));
  const groups = ownerReader("gid", names.group);
  return {
    proxyPort: port("proxyPort", 15001),
    inboundCapturePort: port("inboundCapturePort", 15006),
    inboundTunnelPort: port("inboundTunnelPort", 15008),
    ...readOwners(given, names, user),
    interceptionMode: given.read<IstioSettings["interceptionMode"]>("interceptionMode", "REDIRECT", readMode),
    tproxyMark: given.read("tproxyMark", 1337, numberReader("a mark", HIGHEST_NUMBER)),
    tproxyRouteTable: given.read("tproxyRouteTable", 133, readRouteTable),
    inboundPortsInclude: given.read<"*" | readonly Range[]>("inboundPortsInclude", [], (text, note) =>
      readListOrAll(text, readPorts, note),
    ),
    inboundPortsExclude: ports("inboundPortsExclude"),
    outboundPortsInclude: ports("outboundPortsInclude"),
    outboundPortsExclude: ports("outboundPortsExclude"),
    outboundIpRangesInclude: given.read<"*" | readonly string[]>("outboundIpRangesInclude", [], (text, note) =>
      readListOrAll(text, readCidr, note),
    ),
    outboundIpRangesExclude: given.read<readonly string[]>("outboundIpRangesExclude", [], (text, note) =>
      readList(text, readCidr, note),
    ),
    excludeInterfaces: interfaces("excludeInterfaces"),
    kubevirtInterfaces: interfaces("kubevirtInterfaces"),
    redirectDns: given.readSwitch("redirectDns"),
    captureAllDns: given.readSwitch("captureAllDns"),
    dropInvalid: given.readSwitch("dropInvalid"),
    dualStack: given.readSwitch("dualStack"),
    ownerGroupsInclude: given.read<"*" | readonly Range[]>("ownerGroupsInclude", "*", (text, note) =>
      readListOrAll(text, groups, note),
    ),
    ownerGroupsExclude: given.read<readonly Range[]>("ownerGroupsExclude", [], (text, note) =>
      readList(text, groups, note),
    ),
    loopbackNetwork: given.read("loopbackNetwork", "127.0.0.1/32", readLoopback),
    nativeNftables: given.readSwitch("nativeNftables"),
  };
}

/** Without uids they are those of a user, else 1337; without gids the text of the uids stands for them, names and all. */
function readOwners(
  given: Given,
  names: NameLookups,
  user = DEFAULT_USER,
): Pick<IstioSettings, "proxyUid" | "proxyGid"> {
  const uids = given.text("proxyUid") ?? "";
  const gids = given.text("proxyGid") ?? "";
  const uid = names.user(user) ?? DEFAULT_UID;
  const own = [{ first: uid, last: uid }];
  const list = (text: string, setting: string, what: "uid" | "gid", note = given.noteFor(setting)) =>
    readList(text, ownerReader(what, what === "uid" ? names.user : names.group), note);
  const proxyUid = uids === "" ? own : list(uids, "proxyUid", "uid");
  if (gids !== "") return { proxyUid, proxyGid: list(gids, "proxyGid", "gid") };
  // What is no uid is told once.
  const isUids = proxyUid.length === splitList(uids).filter((entry) => entry !== "").length;
  const note = isUids ? given.noteFor("proxyUid") : () => {};
  return { proxyUid, proxyGid: uids === "" ? own : list(uids, "proxyUid", "gid", note) };
}

function readMode(text: string, note: Note): IstioSettings["interceptionMode"] | null {
  if (text === "" || text === "REDIRECT") return "REDIRECT";
  if (text === "TPROXY") return text;
  note(`"${text}" is not a mode; write REDIRECT or TPROXY. The tool reads anything but TPROXY as REDIRECT.`);
  return null;
}

function readLoopback(text: string, note: Note): string | null {
  const network = readCidr(text, note);
  const parsed = network === null ? null : parseNetwork(network);
  const loopback = parseNetwork("127.0.0.0/8");
  if (network === null || parsed === null || loopback === null) return null;
  const isWithin = parsed.family === 4 && networkHolds(loopback, addressValue(network.split("/")[0] ?? ""));
  if (isWithin && (prefixLength(parsed) ?? 0) >= 8) return network;
  note(`"${text}" is not a network within 127.0.0.0/8.`);
  return null;
}

/** Faults that no single value shows. */
function check(settings: IstioSettings, given: Given, addresses: readonly string[]): void {
  const { ownerGroupsInclude: groups, nativeNftables } = settings;
  const most = GROUPS_AT_MOST[nativeNftables];
  const tool = nativeNftables === "on" ? "nftables" : "iptables";
  if (groups !== "*" && groups.length > most)
    given.noteFor("ownerGroupsInclude")(
      `These are ${groups.length} groups, but one ${tool} rule takes at most ${most}. Name fewer, or use a range such as 1000-2000.`,
    );
  if (nativeNftables === "on")
    for (const setting of ["excludeInterfaces", "kubevirtInterfaces"] as const)
      for (const name of settings[setting].filter((one) => /[+*]$/.test(one)))
        given.noteFor(setting)(
          `"${name}" stands for several interfaces, which --native-nftables does not take; name each.`,
        );
  if (listPodFamilies(addresses).length === 0)
    given.findings.push(addressFinding(addresses.length === 0 ? "none is given" : "they are all local ones"));
}

function addressFinding(what: string): Finding {
  return codedFinding(
    "missing-value",
    "--pod-ip",
    `The pod's addresses decide which families get rules, but ${what}; add --pod-ip.`,
  );
}
