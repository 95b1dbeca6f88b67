import { encodeLength, SOCKET_ADDRESS_BYTES } from "./socket-address.ts";
import { checkResult, close, dup, getpeername, getsockopt, KERNEL } from "./syscalls.ts";

/** `struct tcp_info` up to and with `tcpi_bytes_acked` (include/uapi/linux/tcp.h, Linux 4.1 and later). */
const TCP_INFO_BYTES_ACKED = 120;
const TCP_INFO_BYTES = 128;

/** Says whether a socket has been connected and still is. */
export function isConnected(fd: number): boolean {
  return getpeername(fd, Buffer.alloc(SOCKET_ADDRESS_BYTES), encodeLength(SOCKET_ADDRESS_BYTES)) === 0;
}

/**
 * Gives a socket's pending error, 0 for none, and forgets it (`SO_ERROR`, socket(7)). That includes what the kernel calls a soft error: an
 * ICMP error for a SYN that came back while `connect(2)` still held the socket. The kernel acts on none of these before the SYN is sent
 * again, a second later (net/ipv4/tcp_ipv4.c, tcp_v4_err); whoever asks learns it at once.
 */
export function readSocketError(fd: number): number {
  const error = Buffer.alloc(4);
  const length = encodeLength(error.length);
  checkResult(getsockopt(fd, KERNEL.SOL_SOCKET, KERNEL.SO_ERROR, error, length), "getsockopt", "SO_ERROR");
  return error.readInt32LE();
}

/** What the kernel knows of a connection, whatever has become of it; holds a descriptor of its own until closed. */
export class ConnectionWatch {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = checkResult(dup(fd), "dup", `${fd}`);
  }

  /** Says whether the connection has been made and still stands. */
  readState(): "connected" | "not-connected" {
    return isConnected(this.#fd) ? "connected" : "not-connected";
  }

  /** Says whether the far end's kernel has taken any of what was written; the SYN counts as one byte. */
  readDelivery(): "delivered" | "not-delivered" {
    const info = Buffer.alloc(TCP_INFO_BYTES);
    const length = encodeLength(info.length);
    checkResult(getsockopt(this.#fd, KERNEL.SOL_TCP, KERNEL.TCP_INFO, info, length), "getsockopt", "TCP_INFO");
    return info.readBigUInt64LE(TCP_INFO_BYTES_ACKED) > 1n ? "delivered" : "not-delivered";
  }

  /** Gives the errno of an error that is pending, soft ones included, and forgets it; 0 for none. */
  readError(): number {
    return readSocketError(this.#fd);
  }

  close(): void {
    close(this.#fd);
  }
}
