import { getSystemErrorName } from "node:util";
import koffi from "koffi";

/** A system call that failed: which one, on what, and the kernel's word for it. */
export class SyscallError extends Error {
  /** `EADDRINUSE`. */
  readonly code: string;

  constructor(call: string, what: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`${call} ${what}: ${code}`);
    this.name = "SyscallError";
    this.code = code;
  }
}

const libc = koffi.load(null);

/** `setns(2)`: moves the calling thread, and it alone, into a namespace. */
export const setns = libc.func("int setns(int fd, int nstype)");
/** `unshare(2)`: gives the calling thread a namespace of its own. */
export const unshare = libc.func("int unshare(int flags)");
/** `setfsuid(2)`: the uid of what the calling thread opens from now on, sockets too; gives the uid before. */
export const setfsuid = libc.func("int setfsuid(uint32_t uid)");
/** `setfsgid(2)`: the gid of what the calling thread opens from now on, sockets too; gives the gid before. */
export const setfsgid = libc.func("int setfsgid(uint32_t gid)");
/** `mount(2)`: 0, or -1 with errno set. */
export const mount = libc.func(
  "int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)",
);
/** `socket(2)`: gives the descriptor of a new socket, or -1 with errno set. */
export const socket = libc.func("int socket(int domain, int type, int protocol)");
/** `bind(2)`: gives a socket its own end point; 0, or -1 with errno set. */
export const bind = libc.func("int bind(int fd, const void *address, uint32_t length)");
/**
 * `connect(2)`: 0, or -1 with errno set; a socket that does not block gives EINPROGRESS while the connection is being made.
 */
export const connect = libc.func("int connect(int fd, const void *address, uint32_t length)");
/** `listen(2)`: makes a socket take connections; 0, or -1 with errno set. */
export const listen = libc.func("int listen(int fd, int backlog)");
/** `dup(2)`: gives a second descriptor of the same file, or -1 with errno set. */
export const dup = libc.func("int dup(int fd)");
/** `close(2)`: 0, or -1 with errno set. */
export const close = libc.func("int close(int fd)");
/** `getpeername(2)`: writes the other end of a connected socket; 0, or -1 with errno set. */
export const getpeername = libc.func("int getpeername(int fd, void *address, void *length)");
/** `getsockname(2)`: writes a socket's own end point; 0, or -1 with errno set. */
export const getsockname = libc.func("int getsockname(int fd, void *address, void *length)");
/** `setsockopt(2)`: 0, or -1 with errno set. */
export const setsockopt = libc.func("int setsockopt(int fd, int level, int name, const void *value, uint32_t length)");
/** `getsockopt(2)`: writes a socket's option; 0, or -1 with errno set. */
export const getsockopt = libc.func("int getsockopt(int fd, int level, int name, void *value, void *length)");
/** `send(2)`: gives the bytes taken, or -1 with errno set. */
export const send = libc.func("intptr_t send(int fd, const void *bytes, size_t length, int flags)");
/** `recv(2)`: gives the bytes received, 0 at the end of a stream, or -1 with errno set. */
export const recv = libc.func("intptr_t recv(int fd, void *bytes, size_t length, int flags)");
/** `recvmsg(2)`: gives the bytes received, or -1 with errno set; the lengths and flags of `struct msghdr` are filled in. */
export const recvmsg = libc.func("intptr_t recvmsg(int fd, void *header, int flags)");
/** `sendmsg(2)`: gives the bytes taken, or -1 with errno set. */
export const sendmsg = libc.func("intptr_t sendmsg(int fd, const void *header, int flags)");
/** `epoll_create1(2)`: gives a descriptor, or -1 with errno set. */
export const epollCreate = libc.func("int epoll_create1(int flags)");
/** `epoll_ctl(2)`: 0, or -1 with errno set. */
export const epollControl = libc.func("int epoll_ctl(int epoll, int operation, int fd, void *event)");
/** `epoll_wait(2)`: waits, the calling thread with it; gives the number of events written, or -1 with errno set. */
export const epollWait = libc.func("int epoll_wait(int epoll, void *events, int atMost, int timeoutMs)");
/** `poll(2)`: waits, the calling thread with it. */
export const poll = libc.func("int poll(void *files, ulong count, int timeoutMs)");
/** `eventfd(2)`: gives the descriptor of a counter by which a thread wakes another, or -1 with errno set. */
export const eventfd = libc.func("int eventfd(uint32_t count, int flags)");
/** `read(2)`: gives the bytes read, 0 at the end, or -1 with errno set. */
export const read = libc.func("intptr_t read(int fd, void *bytes, size_t length)");
/** `write(2)`: gives the bytes written, or -1 with errno set. */
export const write = libc.func("intptr_t write(int fd, const void *bytes, size_t length)");
/** `inet_pton(3)`: reads an address into bytes in network order; 1, or 0 where the text is not an address. */
export const inetPton = libc.func("int inet_pton(int family, const char *text, void *bytes)");
/** `inet_ntop(3)`: writes an address, bytes in network order, as text that ends with a zero byte. */
export const inetNtop = libc.func("const char *inet_ntop(int family, const void *bytes, void *text, uint32_t size)");

/** Gives where a buffer's bytes are, for structures that point to others; they stay there for as long as the buffer is referenced. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer);
}

/** Gives the calling thread's last errno, positive. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Gives a call's result back, or throws a {@link SyscallError} where it is negative. */
export function checkResult(result: number, call: string, what: string): number {
  if (result < 0) throw new SyscallError(call, what, lastErrno());
  return result;
}

/** Numbers of the kernel's interface that calls here take; from `include/uapi/linux` and `asm-generic/socket.h`. */
export const KERNEL = {
  CLONE_NEWNET: 0x40000000,
  AF_INET: 2,
  AF_INET6: 10,
  AF_NETLINK: 16,
  NETLINK_NETFILTER: 12,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  IPPROTO_ICMP: 1,
  IPPROTO_ICMPV6: 58,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  MSG_DONTWAIT: 0x40,
  MSG_ERRQUEUE: 0x2000,
  SOL_IP: 0,
  SOL_SOCKET: 1,
  SOL_TCP: 6,
  SOL_IPV6: 41,
  SO_REUSEADDR: 2,
  SO_ERROR: 4,
  SO_MARK: 36,
  SO_RCVBUFFORCE: 33,
  IP_PKTINFO: 8,
  IP_RECVERR: 11,
  TCP_INFO: 11,
  TCP_REPAIR: 19,
  IP_TRANSPARENT: 19,
  IP_RECVORIGDSTADDR: 20,
  IP_BIND_ADDRESS_NO_PORT: 24,
  IPV6_RECVERR: 25,
  IPV6_V6ONLY: 26,
  IPV6_PKTINFO: 50,
  IPV6_RECVORIGDSTADDR: 74,
  IPV6_TRANSPARENT: 75,
  SO_ORIGINAL_DST: 80,
  EISCONN: 106,
  EADDRINUSE: 98,
  EALREADY: 114,
  EINPROGRESS: 115,
  EAGAIN: 11,
  EPERM: 1,
  EINVAL: 22,
  EINTR: 4,
  POLLIN: 1,
  EPOLL_CTL_ADD: 1,
  EPOLL_CTL_DEL: 2,
} as const;
