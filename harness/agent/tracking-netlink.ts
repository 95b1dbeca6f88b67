import { type Endpoint, familyOfText } from "./socket-address.ts";
import { checkResult, inetNtop, inetPton, KERNEL, recv, send, socket } from "./syscalls.ts";

/*
 * Connection tracking by netlink. Numbers are from include/uapi/linux/netfilter/nfnetlink_conntrack.h and include/uapi/linux/netlink.h.
 */

const CT_NEW = 1 << 8;
const CT_GET = (1 << 8) | 1;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 1;
const NLM_F_DUMP = 0x300;
const NESTED = 0x8000;
const HEADER_BYTES = 16;
const MESSAGE_BYTES = HEADER_BYTES + 4;
const CTA_TUPLE = { original: 1, reply: 2 } as const;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_IP = { 4: { source: 1, destination: 2 }, 6: { source: 3, destination: 4 } } as const;
const CTA_PROTO = { number: 1, source: 2, destination: 3 } as const;
const IPPROTO_UDP = 17;
const ENOENT = 2;
const reply = Buffer.alloc(1 << 17);

/** Opens the netlink socket of the calling thread's present namespace. Throws a SyscallError. */
export function openTracking(): number {
  const type = KERNEL.SOCK_RAW | KERNEL.SOCK_CLOEXEC;
  return checkResult(socket(KERNEL.AF_NETLINK, type, KERNEL.NETLINK_NETFILTER), "socket for", "netfilter's netlink");
}

/** The source and destination of one direction of a tracked exchange. */
export interface Ends {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/** An exchange of datagrams as connection tracking knows it: how its first datagram named the ends, and how answers name them. */
export interface TrackedExchange {
  readonly original: Ends;
  readonly reply: Ends;
}

/** `one`: the exchange whose answers have these ends, in the default zone; `all`: every exchange of the family. */
function renderRequest(ends: Ends, which: "one" | "all"): Buffer {
  const isIpv6 = ends.source.address.includes(":");
  const tuple = which === "one" ? renderTuple(ends) : Buffer.alloc(0);
  const request = Buffer.concat([Buffer.alloc(MESSAGE_BYTES), tuple]);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(CT_GET, 4);
  request.writeUInt16LE(NLM_F_REQUEST | (which === "all" ? NLM_F_DUMP : 0), 6);
  request[HEADER_BYTES] = isIpv6 ? KERNEL.AF_INET6 : KERNEL.AF_INET;
  return request;
}

function renderTuple({ source, destination }: Ends): Buffer {
  const types = CTA_IP[familyOfText(source.address)];
  const addresses = [
    renderAttribute(types.source, encodeAddress(source.address)),
    renderAttribute(types.destination, encodeAddress(destination.address)),
  ];
  const protocol = [
    renderAttribute(CTA_PROTO.number, Buffer.from([IPPROTO_UDP])),
    renderAttribute(CTA_PROTO.source, encodePort(source.port)),
    renderAttribute(CTA_PROTO.destination, encodePort(destination.port)),
  ];
  return renderAttribute(
    CTA_TUPLE.reply | NESTED,
    Buffer.concat([
      renderAttribute(CTA_TUPLE_IP | NESTED, Buffer.concat(addresses)),
      renderAttribute(CTA_TUPLE_PROTO | NESTED, Buffer.concat(protocol)),
    ]),
  );
}

/** `struct nlattr`: length and type, then the data, padded to 4 bytes. */
function renderAttribute(type: number, bytes: Buffer): Buffer {
  const attribute = Buffer.alloc(4 + Math.ceil(bytes.length / 4) * 4);
  attribute.writeUInt16LE(4 + bytes.length, 0);
  attribute.writeUInt16LE(type, 2);
  bytes.copy(attribute, 4);
  return attribute;
}

function encodeAddress(address: string): Buffer {
  const isIpv6 = address.includes(":");
  const bytes = Buffer.alloc(isIpv6 ? 16 : 4);
  inetPton(isIpv6 ? KERNEL.AF_INET6 : KERNEL.AF_INET, address, bytes);
  return bytes;
}

function encodePort(port: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(port);
  return bytes;
}

/**
 * Asks the kernel, and gives the whole answer: of `one`, the exchange in the default zone whose answers have these ends, or the one that
 * was begun between them; of `all`, every exchange of UDP of the family.
 * `not-permitted` without CAP_NET_ADMIN. Throws for every other failure.
 */
export function askTracking(
  tracking: number,
  ends: Ends,
  which: "one" | "all",
): readonly TrackedExchange[] | "not-permitted" {
  const request = renderRequest(ends, which);
  checkResult(Number(send(tracking, request, request.length, 0)), "send to", "netfilter's netlink");
  const found: TrackedExchange[] = [];
  for (;;) {
    const length = checkResult(Number(recv(tracking, reply, reply.length, 0)), "receive from", "netfilter's netlink");
    for (const message of listMessages(reply.subarray(0, length))) {
      const type = message.readUInt16LE(4);
      if (type === NLMSG_DONE) return found;
      if (type === NLMSG_ERROR) return readError(message.readInt32LE(HEADER_BYTES));
      if (type === CT_NEW) found.push(...readExchange(message.subarray(MESSAGE_BYTES)));
    }
    if (which === "one") return found;
  }
}

function readError(error: number): readonly TrackedExchange[] | "not-permitted" {
  if (error === -ENOENT) return [];
  if (error === -KERNEL.EPERM) return "not-permitted";
  throw new Error(`connection tracking cannot be queried (error ${-error}); the module nf_conntrack_netlink is needed`);
}

/** Gives the messages that one read of a netlink socket brought, each with its `struct nlmsghdr`. */
export function listMessages(bytes: Buffer): readonly Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    messages.push(bytes.subarray(at, at + length));
    at += Math.max(HEADER_BYTES, Math.ceil(length / 4) * 4);
  }
  return messages;
}

/** Gives an exchange of UDP; nothing for any other protocol. */
function readExchange(bytes: Buffer): readonly TrackedExchange[] {
  const attributes = readAttributes(bytes);
  const [original, answer] = [CTA_TUPLE.original, CTA_TUPLE.reply].map((type) => readTuple(attributes.get(type)));
  return original && answer ? [{ original, reply: answer }] : [];
}

function readTuple(bytes: Buffer | undefined): Ends | null {
  const tuple = readAttributes(bytes ?? Buffer.alloc(0));
  const [ip, protocol] = [CTA_TUPLE_IP, CTA_TUPLE_PROTO].map((type) =>
    readAttributes(tuple.get(type) ?? Buffer.alloc(0)),
  );
  if (protocol?.get(CTA_PROTO.number)?.[0] !== IPPROTO_UDP) return null;
  const types = ip?.has(CTA_IP[6].source) ? CTA_IP[6] : CTA_IP[4];
  const endOf = (end: "source" | "destination"): Endpoint => ({
    address: decodeAddress(ip?.get(types[end]) ?? Buffer.alloc(4)),
    port: protocol.get(CTA_PROTO[end])?.readUInt16BE(0) ?? 0,
  });
  return { source: endOf("source"), destination: endOf("destination") };
}

/** Gives an address in the kernel's shortest text: `fd00::2` of `fd00:0000:0000:0000:0000:0000:0000:0002`. */
export function canonicalText(address: string): string {
  return decodeAddress(encodeAddress(address));
}

function decodeAddress(bytes: Buffer): string {
  const text = Buffer.alloc(46);
  inetNtop(bytes.length === 16 ? KERNEL.AF_INET6 : KERNEL.AF_INET, bytes, text, text.length);
  return text.toString("latin1", 0, text.indexOf(0));
}

/** Gives the attributes (`struct nlattr`) that some bytes consist of, each one's data by its type. */
export function readAttributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) break;
    attributes.set(bytes.readUInt16LE(at + 2) & ~NESTED, bytes.subarray(at + 4, at + length));
    at += Math.ceil(length / 4) * 4;
  }
  return attributes;
}
