import type { MeshFile } from "../../meshes/mesh.ts";
import { serverAddress } from "../../model/address.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";

const SERVER = /^nameserver[ \t]+(\S+)/;
/** What a line begins with (resolv.conf(5)). A resolver passes over any other line. */
const KNOWN = /^(nameserver|domain|search|sortlist|options)[ \t]/;

/** The servers of a resolver file, in order (resolv.conf(5), `nameserver`); what is no address is passed over, as a resolver does. */
export function readServers({ text }: MeshFile): readonly string[] {
  return splitLines(text).flatMap((line) => serverAddress(SERVER.exec(line)?.[1] ?? "") ?? []);
}

/**
 * Gives what is wrong with a file that somebody has named as the pod's resolv.conf: servers that are no addresses, and a file of which no
 * line is one of resolv.conf. An empty file is right: it names no server.
 *
 * @example
 * findServerMistakes({ path: "resolv.conf", text: "nameserver 10.96.0\n" })
 * // [{ where: "resolv.conf", line: 1, column: 12, message: 'nameserver: "10.96.0" is not an address; …', … }]
 */
export function findServerMistakes({ path, text }: MeshFile): readonly Finding[] {
  const lines = splitLines(text);
  if (text.trim() !== "" && !lines.some((line) => KNOWN.test(line) || /^[#;]/.test(line))) {
    const message =
      "No line of this file is one of resolv.conf, such as nameserver 10.96.0.10; give the pod's /etc/resolv.conf.";
    return [codedFinding("malformed-text", path, message)];
  }
  return lines.flatMap((line, i) => {
    const [begin = "", server] = SERVER.exec(line) ?? [];
    if (server === undefined || serverAddress(server) !== null) return [];
    const message = `nameserver: "${server}" is not an address; correct it, or remove the line.`;
    return [codedFinding("malformed-text", path, message, i + 1, begin.length - server.length + 1)];
  });
}

function splitLines(text: string): readonly string[] {
  return text.split(/\r?\n/);
}
