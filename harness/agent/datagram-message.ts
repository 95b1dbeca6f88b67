import { decodeSocketAddress, type Endpoint, encodeSocketAddress, SOCKET_ADDRESS_BYTES } from "./socket-address.ts";
import { addressOf, inetPton, KERNEL, lastErrno, recvmsg, SyscallError, sendmsg } from "./syscalls.ts";

/** One datagram as it came in: who sent it, and the end point it was for when it reached the socket. */
export interface Datagram {
  readonly text: string;
  readonly source: Endpoint;
  /** From the datagram's own header: where rules have rewritten it, what they made of it; with TPROXY, what was dialled. */
  readonly destination: Endpoint;
}

/** The largest datagram that is read whole; a greeting and an answer are below 1 kB. */
const DATAGRAM_BYTES = 9000;
const CONTROL_BYTES = 128;
/** `struct cmsghdr` on 64-bit machines: length (8 bytes), level, type (4 each); the data follow (cmsg(3)). */
const CONTROL_HEADER_BYTES = 16;

/*
 * One set of buffers for every message of this thread: `struct msghdr` and `struct iovec` of 64-bit machines (recvmsg(2)), which point to
 * the rest.
 */
const data = Buffer.alloc(DATAGRAM_BYTES);
const name = Buffer.alloc(SOCKET_ADDRESS_BYTES);
const control = Buffer.alloc(CONTROL_BYTES);
const parts = Buffer.alloc(16);
parts.writeBigUInt64LE(addressOf(data), 0);
const header = Buffer.alloc(56);
const HEADER = { name: 0, nameLength: 8, parts: 16, partCount: 24, control: 32, controlLength: 40, flags: 48 } as const;
header.writeBigUInt64LE(addressOf(name), HEADER.name);
header.writeBigUInt64LE(addressOf(parts), HEADER.parts);
header.writeBigUInt64LE(1n, HEADER.partCount);
header.writeBigUInt64LE(addressOf(control), HEADER.control);

/** Says how much of the buffers the next call may use. */
function prepareHeader(nameBytes: number, dataBytes: number, controlBytes: number): void {
  parts.writeUInt32LE(dataBytes, 8);
  header.writeUInt32LE(nameBytes, HEADER.nameLength);
  header.writeUInt32LE(controlBytes, HEADER.controlLength);
}

/**
 * Reads the next datagram of a socket that has `IP_RECVORIGDSTADDR` on (ip(7)); null where none is waiting. Throws a SyscallError.
 */
export function receiveDatagram(fd: number): Datagram | null {
  prepareHeader(name.length, data.length, control.length);
  const length = Number(recvmsg(fd, header, KERNEL.MSG_DONTWAIT));
  if (length < 0) {
    const errno = lastErrno();
    if (errno === KERNEL.EAGAIN || errno === KERNEL.EINTR) return null;
    throw new SyscallError("recvmsg of", `descriptor ${fd}`, errno);
  }
  const destination = findDestination(control.subarray(0, header.readUInt32LE(HEADER.controlLength)));
  if (destination === null) throw new Error("the kernel does not report which address a datagram was sent to");
  return { text: data.toString("latin1", 0, length), source: decodeSocketAddress(name), destination };
}

/** What came in at the socket of whoever sent a datagram: an answer, or the errno of an ICMP error. */
export type Incoming = { readonly text: string; readonly source: Endpoint } | { readonly errno: number };

/**
 * Reads what waits at such a socket; null where nothing does. An error also waits in the queue of errors, and the socket would count as
 * ready for as long as it does (`datagram_poll` in net/core/datagram.c).
 */
export function receiveIncoming(fd: number): Incoming | null {
  prepareHeader(name.length, data.length, 0);
  const length = Number(recvmsg(fd, header, KERNEL.MSG_DONTWAIT));
  if (length >= 0) return { text: data.toString("latin1", 0, length), source: decodeSocketAddress(name) };
  const errno = lastErrno();
  if (errno === KERNEL.EAGAIN || errno === KERNEL.EINTR) return null;
  prepareHeader(name.length, data.length, control.length);
  recvmsg(fd, header, KERNEL.MSG_ERRQUEUE | KERNEL.MSG_DONTWAIT);
  return { errno };
}

/** Finds `IP_ORIGDSTADDR` or `IPV6_ORIGDSTADDR` among control messages, each padded to 8 bytes. */
function findDestination(messages: Buffer): Endpoint | null {
  for (let at = 0; at + CONTROL_HEADER_BYTES <= messages.length; ) {
    const [length, level, type] = [
      messages.readUInt32LE(at),
      messages.readInt32LE(at + 8),
      messages.readInt32LE(at + 12),
    ];
    const isDestination =
      (level === KERNEL.SOL_IP && type === KERNEL.IP_RECVORIGDSTADDR) ||
      (level === KERNEL.SOL_IPV6 && type === KERNEL.IPV6_RECVORIGDSTADDR);
    if (isDestination) return decodeSocketAddress(messages.subarray(at + CONTROL_HEADER_BYTES, at + length));
    if (length < CONTROL_HEADER_BYTES) return null;
    at += Math.ceil(length / 8) * 8;
  }
  return null;
}

/**
 * Sends a datagram from one of the host's own addresses (`IP_PKTINFO`, `IPV6_PKTINFO`); gives 0, or the errno with which the kernel did not
 * send it: EPERM where rules dropped it on its way out.
 */
export function sendDatagram(fd: number, text: string, to: Endpoint, from: string): number {
  const address = encodeSocketAddress(to);
  address.copy(name);
  prepareHeader(address.length, data.write(text, "latin1"), encodeSource(from));
  return Number(sendmsg(fd, header, KERNEL.MSG_DONTWAIT)) < 0 ? lastErrno() : 0;
}

/**
 * Writes a control message and gives its length. `struct in_pktinfo`: interface, address to send from, unused; `struct in6_pktinfo`:
 * address to send from, interface.
 */
function encodeSource(address: string): number {
  const isIpv6 = address.includes(":");
  const length = isIpv6 ? CONTROL_HEADER_BYTES + 24 : CONTROL_HEADER_BYTES + 16;
  control.fill(0, 0, length);
  control.writeUInt32LE(CONTROL_HEADER_BYTES + (isIpv6 ? 20 : 12), 0);
  control.writeInt32LE(isIpv6 ? KERNEL.SOL_IPV6 : KERNEL.SOL_IP, 8);
  control.writeInt32LE(isIpv6 ? KERNEL.IPV6_PKTINFO : KERNEL.IP_PKTINFO, 12);
  const at = isIpv6 ? CONTROL_HEADER_BYTES : CONTROL_HEADER_BYTES + 4;
  if (inetPton(isIpv6 ? KERNEL.AF_INET6 : KERNEL.AF_INET, address, control.subarray(at)) !== 1)
    throw new Error(`"${address}" is not an address`);
  return length;
}
