import { isConnected, readSocketError } from "./connection-watch.ts";
import {
  decodeSocketAddress,
  domainOf,
  type Endpoint,
  encodeLength,
  encodeSocketAddress,
  familyOfText,
  renderEndpoint,
  SOCKET_ADDRESS_BYTES,
  unspecifiedFor,
} from "./socket-address.ts";
import {
  bind,
  checkResult,
  close,
  connect,
  getsockname,
  KERNEL,
  lastErrno,
  listen,
  SyscallError,
  setsockopt,
  socket,
} from "./syscalls.ts";

const BACKLOG = 4096;

const ON = Buffer.from([1, 0, 0, 0]);
const OFF = Buffer.alloc(4);

/**
 * Opens a listening socket on all addresses of one family, or on `at` alone, for Node's `server.listen({ fd })`. IPv6 sockets take IPv6
 * alone.
 * `transparent` needs CAP_NET_ADMIN or CAP_NET_RAW. Throws a SyscallError (`EADDRINUSE`).
 */
export function openListeningSocket(
  family: 4 | 6,
  port: number,
  mode: "plain" | "transparent",
  at: string | null = null,
): number {
  const endpoint: Endpoint = { address: at ?? (family === 4 ? "0.0.0.0" : "::"), port };
  const what = renderEndpoint(endpoint);
  const fd = makeSocket(family, KERNEL.SOCK_STREAM, what);
  return closeOnFailure(fd, () => {
    setOption(fd, KERNEL.SOL_SOCKET, KERNEL.SO_REUSEADDR, what);
    if (family === 6) setOption(fd, KERNEL.SOL_IPV6, KERNEL.IPV6_V6ONLY, what);
    if (mode === "transparent") makeTransparent(fd, family, what);
    const address = encodeSocketAddress(endpoint);
    checkResult(bind(fd, address, address.length), "bind", what);
    checkResult(listen(fd, BACKLOG), "listen", what);
    return fd;
  });
}

/**
 * Opens a socket and begins to connect it, for Node's `new Socket({ fd })`. Gives the descriptor, or the errno with which `connect(2)`
 * failed at once. `source` is the address to bind to, null for the one the route gives; `port` the port to bind to, null for the kernel's
 * choice; `mark` the socket's mark. A marked socket may be bound to another host's address: marks and IP_TRANSPARENT need the same
 * rights. Throws a SyscallError where the socket cannot be made or bound: that is no landing.
 */
export function openConnection(
  target: Endpoint,
  source: string | null,
  { port, mark }: { readonly port: number | null; readonly mark: number } = { port: null, mark: 0 },
): { readonly fd: number } | { readonly errno: number } {
  const what = renderEndpoint(target);
  const family = familyOfText(target.address);
  const fd = makeSocket(family, KERNEL.SOCK_STREAM, what);
  return closeOnFailure(fd, () => {
    if (mark !== 0) setOption(fd, KERNEL.SOL_SOCKET, KERNEL.SO_MARK, what, encodeNumber(mark));
    const bindIt = () => {
      if (port !== null) bindPortBesideListener(fd, { address: source ?? unspecifiedFor(target), port });
      else if (source !== null) bindSource(fd, source);
    };
    if (mark === 0) bindIt();
    else bindTransparentlyIfNeeded(bindIt, () => makeTransparent(fd, family, what));
    const refusal = beginToConnect(fd, target);
    const errno = refusal === KERNEL.EINPROGRESS ? readRefusal(fd) : refusal;
    if (errno === 0) return { fd };
    close(fd);
    return { errno };
  });
}

/**
 * Connects a socket: gives 0 where it is connected, EINPROGRESS where that is under way, else the errno with which `connect(2)` failed.
 * What a signal interrupts is asked for again: then the kernel says how the first attempt stands (EALREADY, EISCONN).
 */
export function beginToConnect(fd: number, target: Endpoint): number {
  const address = encodeSocketAddress(target);
  for (;;) {
    if (connect(fd, address, address.length) === 0) return 0;
    const errno = lastErrno();
    if (errno === KERNEL.EISCONN) return 0;
    if (errno === KERNEL.EALREADY) return KERNEL.EINPROGRESS;
    if (errno !== KERNEL.EINTR) return errno;
  }
}

/**
 * Gives the errno with which an attempt has failed already, 0 if it has not. Within one machine the whole handshake may be over by now:
 * then an ICMP error is one that answered the ACK, a hint that a made connection does not heed.
 */
function readRefusal(fd: number): number {
  const errno = readSocketError(fd);
  return errno === 0 || isConnected(fd) ? 0 : errno;
}

/** Gives a socket's own end point; with `connect(2)` it has one, whether the connection is made or not. */
export function readLocalEndpoint(fd: number): Endpoint {
  const address = Buffer.alloc(SOCKET_ADDRESS_BYTES);
  checkResult(getsockname(fd, address, encodeLength(address.length)), "getsockname of", `descriptor ${fd}`);
  return decodeSocketAddress(address);
}

/** Opens a socket of a kind (`SOCK_STREAM`) that no read waits at and no other program inherits. */
export function makeSocket(family: 4 | 6, kind: number, what: string, protocol = 0): number {
  const type = kind | KERNEL.SOCK_NONBLOCK | KERNEL.SOCK_CLOEXEC;
  return checkResult(socket(domainOf(family), type, protocol), "socket for", what);
}

/**
 * Binds to an address and leaves the port to `connect`, which may use one port towards several destinations (IP_BIND_ADDRESS_NO_PORT).
 */
function bindSource(fd: number, source: string): void {
  setOption(fd, KERNEL.SOL_IP, KERNEL.IP_BIND_ADDRESS_NO_PORT, source);
  const address = encodeSocketAddress({ address: source, port: 0 });
  checkResult(bind(fd, address, address.length), "bind to source", source);
}

/** Rules see that a socket is transparent (`socket transparent`, TPROXY): so it becomes that only for an address that is not its host's. */
function bindTransparentlyIfNeeded(bindIt: () => void, makeIt: () => void): void {
  try {
    bindIt();
  } catch (error) {
    if (!(error instanceof SyscallError) || error.code !== "EADDRNOTAVAIL") throw error;
    makeIt();
    bindIt();
  }
}

/** Binds to an end point: SO_REUSEADDR lets several connections share the port, as long as they go to different ends. */
export function bindPort(fd: number, endpoint: Endpoint): void {
  const what = renderEndpoint(endpoint);
  setOption(fd, KERNEL.SOL_SOCKET, KERNEL.SO_REUSEADDR, what);
  const address = encodeSocketAddress(endpoint);
  checkResult(bind(fd, address, address.length), "bind to source", what);
}

/**
 * Binds a connection to an end point on whose port somebody may listen: that is no end point of a connection, but the kernel refuses it
 * (EADDRINUSE), whatever SO_REUSEADDR says. Where TCP_REPAIR is on it asks nobody (SK_FORCE_REUSE, net/ipv4/inet_connection_sock.c); it is
 * off again before the socket connects. That needs CAP_NET_ADMIN.
 */
function bindPortBesideListener(fd: number, endpoint: Endpoint): void {
  try {
    bindPort(fd, endpoint);
  } catch (error) {
    const isTaken = error instanceof SyscallError && error.code === "EADDRINUSE";
    if (!isTaken || setsockopt(fd, KERNEL.SOL_TCP, KERNEL.TCP_REPAIR, ON, ON.length) !== 0) throw error;
    const what = renderEndpoint(endpoint);
    const address = encodeSocketAddress(endpoint);
    const bound = bind(fd, address, address.length);
    setOption(fd, KERNEL.SOL_TCP, KERNEL.TCP_REPAIR, what, OFF);
    if (bound !== 0) throw error;
    setOption(fd, KERNEL.SOL_SOCKET, KERNEL.SO_REUSEADDR, what);
  }
}

/** Gives an `int` or `uint32_t`, little endian machines only. */
export function encodeNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Lets a socket have addresses that are not the host's own (`IP_TRANSPARENT`, ip(7)). */
export function makeTransparent(fd: number, family: 4 | 6, what: string): void {
  if (family === 4) setOption(fd, KERNEL.SOL_IP, KERNEL.IP_TRANSPARENT, what);
  else setOption(fd, KERNEL.SOL_IPV6, KERNEL.IPV6_TRANSPARENT, what);
}

/** Sets a socket option, to 1 where no value is given; throws a SyscallError. */
export function setOption(fd: number, level: number, name: number, what: string, value: Buffer = ON): void {
  checkResult(setsockopt(fd, level, name, value, value.length), `setsockopt ${level}/${name} for`, what);
}

/** Does it, and closes the descriptor where it throws. */
export function closeOnFailure<T>(fd: number, act: () => T): T {
  try {
    return act();
  } catch (error) {
    close(fd);
    throw error;
  }
}
