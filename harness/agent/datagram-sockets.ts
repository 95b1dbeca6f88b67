import { type Endpoint, encodeSocketAddress, familyOfText, renderEndpoint, unspecifiedFor } from "./socket-address.ts";
import {
  beginToConnect,
  bindPort,
  closeOnFailure,
  encodeNumber,
  makeSocket,
  makeTransparent,
  readLocalEndpoint,
  setOption,
} from "./sockets.ts";
import { bind, checkResult, close, KERNEL, lastErrno, SyscallError, send, setsockopt } from "./syscalls.ts";

/** Room for the datagrams of many flows at once; the kernel counts its own overhead and doubles it (socket(7)). */
const RECEIVE_BYTES = encodeNumber(4 << 20);

/**
 * Opens a socket that takes datagrams on all addresses of one family, or on `at` alone, and learns which address each was for.
 * `transparent` needs CAP_NET_ADMIN or CAP_NET_RAW. Throws a SyscallError (`EADDRINUSE`).
 */
export function openDatagramListener(
  family: 4 | 6,
  port: number,
  mode: "plain" | "transparent",
  at: string | null = null,
): number {
  const endpoint: Endpoint = { address: at ?? (family === 4 ? "0.0.0.0" : "::"), port };
  const what = renderEndpoint(endpoint);
  const fd = makeSocket(family, KERNEL.SOCK_DGRAM, what);
  return closeOnFailure(fd, () => {
    if (family === 6) setOption(fd, KERNEL.SOL_IPV6, KERNEL.IPV6_V6ONLY, what);
    if (mode === "transparent") makeTransparent(fd, family, what);
    prepareToReceive(fd, family, what);
    bindTo(fd, endpoint);
    // Only now, so that two listeners on one port are still an error: answers of a transparent listener may come from this port.
    setOption(fd, KERNEL.SOL_SOCKET, KERNEL.SO_REUSEADDR, what);
    return fd;
  });
}

/** Opens a socket that gets a copy of every ICMP message that comes to its network namespace (raw(7)). Needs CAP_NET_RAW. */
export function openEchoListener(family: 4 | 6): number {
  const what = `ICMP over IPv${family}`;
  const fd = makeSocket(family, KERNEL.SOCK_RAW, what, icmpOf(family));
  return closeOnFailure(fd, () => {
    prepareToReceive(fd, family, what);
    return fd;
  });
}

/** Lets a socket learn which address each message was for, and hold many. */
function prepareToReceive(fd: number, family: 4 | 6, what: string): void {
  const [level, name] =
    family === 4 ? [KERNEL.SOL_IP, KERNEL.IP_RECVORIGDSTADDR] : [KERNEL.SOL_IPV6, KERNEL.IPV6_RECVORIGDSTADDR];
  setOption(fd, level, name, what);
  // Without CAP_NET_ADMIN it keeps the room that every socket has: some hundreds of datagrams.
  setsockopt(fd, KERNEL.SOL_SOCKET, KERNEL.SO_RCVBUFFORCE, RECEIVE_BYTES, RECEIVE_BYTES.length);
}

function icmpOf(family: 4 | 6): number {
  return family === 6 ? KERNEL.IPPROTO_ICMPV6 : KERNEL.IPPROTO_ICMP;
}

/** The ports that the kernel chooses from (`net.ipv4.ip_local_port_range`). */
const EPHEMERAL = { first: 32768, last: 60999 };
let nextPort = EPHEMERAL.first + Math.floor(Math.random() * (EPHEMERAL.last - EPHEMERAL.first));

/**
 * Binds a socket to an ephemeral port that this agent has not used for long. Connection tracking knows an exchange for half a minute after
 * its sockets are closed: the next flow from that port to the same end would go its way, and the kernel chooses ports by chance.
 */
function bindFreshPort(fd: number, address: string): void {
  const ports = EPHEMERAL.last - EPHEMERAL.first + 1;
  for (let tried = 0; tried < ports; tried++) {
    nextPort = nextPort === EPHEMERAL.last ? EPHEMERAL.first : nextPort + 1;
    const bytes = encodeSocketAddress({ address, port: nextPort });
    if (bind(fd, bytes, bytes.length) === 0) return;
    const errno = lastErrno();
    if (errno !== KERNEL.EADDRINUSE) throw new SyscallError("bind to source", address, errno);
  }
  throw new SyscallError("bind to source", address, KERNEL.EADDRINUSE);
}

/** The two sockets of whoever sends a datagram. */
export interface DatagramEnds {
  /** Connected: takes answers from the address dialled, and ICMP errors. */
  readonly fd: number;
  /** Bound to the same end point: takes what comes from any other address. Null of a ping socket, which takes that itself. */
  readonly strayFd: number | null;
  /** What both are bound to. */
  readonly local: Endpoint;
}

/**
 * Opens the sockets of one flow, or gives the errno with which `connect(2)` failed. `source`, `port` and `mark` as for TCP. Every ICMP
 * error is reported (`IP_RECVERR`, ip(7)); without that the kernel keeps to itself those that it does not hold to be fatal.
 * For `icmp` it is a ping socket, whose port is the identifier (`net.ipv4.ping_group_range`, icmp(7)).
 * Throws a SyscallError where a socket cannot be made or bound: that is not a landing.
 */
export function openDatagramEnds(
  target: Endpoint,
  source: string | null,
  { port, mark }: { readonly port: number | null; readonly mark: number },
  protocol: "udp" | "icmp" = "udp",
): DatagramEnds | { readonly errno: number } {
  const what = renderEndpoint(target);
  const family = familyOfText(target.address);
  const fd = makeSocket(family, KERNEL.SOCK_DGRAM, what, protocol === "icmp" ? icmpOf(family) : 0);
  return closeOnFailure(fd, () => {
    if (mark !== 0) setOption(fd, KERNEL.SOL_SOCKET, KERNEL.SO_MARK, what, encodeNumber(mark));
    if (family === 4) setOption(fd, KERNEL.SOL_IP, KERNEL.IP_RECVERR, what);
    else setOption(fd, KERNEL.SOL_IPV6, KERNEL.IPV6_RECVERR, what);
    const address = source ?? unspecifiedFor(target);
    if (port === null) bindFreshPort(fd, address);
    else bindPort(fd, { address, port });
    const errno = beginToConnect(fd, target);
    if (errno !== 0) {
      close(fd);
      return { errno };
    }
    if (protocol === "icmp") return { fd, strayFd: null, local: readLocalEndpoint(fd) };
    // Only now, so that the kernel gives no two flows the same port of its own choice.
    setOption(fd, KERNEL.SOL_SOCKET, KERNEL.SO_REUSEADDR, what);
    const strayFd = makeSocket(family, KERNEL.SOCK_DGRAM, what);
    return closeOnFailure(strayFd, () => {
      setOption(strayFd, KERNEL.SOL_SOCKET, KERNEL.SO_REUSEADDR, what);
      const local = readLocalEndpoint(fd);
      bindTo(strayFd, local);
      return { fd, strayFd, local };
    });
  });
}

/**
 * Sends one datagram from an end point that need not be the host's own, as a transparent listener answers; gives 0, or the errno with which
 * the kernel did not send it. The socket is connected before it sends, so that it takes nothing meant for a listener.
 */
export function sendTransparently(text: string, to: Endpoint, from: Endpoint): number {
  const what = renderEndpoint(from);
  const family = familyOfText(from.address);
  const fd = makeSocket(family, KERNEL.SOCK_DGRAM, what);
  try {
    setOption(fd, KERNEL.SOL_SOCKET, KERNEL.SO_REUSEADDR, what);
    makeTransparent(fd, family, what);
    bindTo(fd, from);
    const errno = beginToConnect(fd, to);
    if (errno !== 0) return errno;
    const bytes = Buffer.from(text, "latin1");
    return Number(send(fd, bytes, bytes.length, KERNEL.MSG_DONTWAIT)) < 0 ? lastErrno() : 0;
  } finally {
    close(fd);
  }
}

function bindTo(fd: number, endpoint: Endpoint): void {
  const address = encodeSocketAddress(endpoint);
  checkResult(bind(fd, address, address.length), "bind", renderEndpoint(endpoint));
}
