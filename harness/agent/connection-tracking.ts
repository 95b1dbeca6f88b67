import { promisify } from "node:util";
import { CallError } from "./fault.ts";
import { runInNamespace } from "./identity.ts";
import { checkResult, close, KERNEL, recv, send, socket } from "./syscalls.ts";

/** `nlmsghdr` and `nfgenmsg` of "delete all entries": include/uapi/linux/netfilter/nfnetlink_conntrack.h, linux/netlink.h. */
const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_DELETE = 2;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLMSG_HEADER_BYTES = 16;

/**
 * Makes the kernel forget every connection it tracks in a namespace, both families, as `conntrack -F` does. A connection that is still
 * known keeps the address it was given under earlier rules. The kernel walks its whole table for it, which takes milliseconds, and so
 * another thread waits for that. Throws a CallError `environment` where the kernel has no such interface (nf_conntrack_netlink), an Error
 * where it takes no requests.
 */
export async function forgetConnections(namespace: number | null): Promise<void> {
  const type = KERNEL.SOCK_RAW | KERNEL.SOCK_CLOEXEC;
  const fd = runInNamespace(namespace, () =>
    checkResult(socket(KERNEL.AF_NETLINK, type, KERNEL.NETLINK_NETFILTER), "socket for", "netfilter's netlink"),
  );
  try {
    const request = renderDeleteAll();
    if ((await sendAside(fd, request, request.length, 0)) < 0)
      throw new Error("netfilter's netlink accepts no requests");
    const reply = Buffer.alloc(256);
    checkResult(Number(recv(fd, reply, reply.length, KERNEL.MSG_DONTWAIT)), "receive from", "netfilter's netlink");
    checkReply(reply.readInt32LE(NLMSG_HEADER_BYTES));
  } finally {
    close(fd);
  }
}

const sendAside = promisify(send.async) as (...args: Parameters<typeof send>) => Promise<number>;

function renderDeleteAll(): Buffer {
  const request = Buffer.alloc(NLMSG_HEADER_BYTES + 4);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE, 4);
  request.writeUInt16LE(NLM_F_REQUEST | NLM_F_ACK, 6);
  return request;
}

function checkReply(error: number): void {
  if (error === 0) return;
  throw new CallError(
    "environment",
    `the kernel cannot delete tracked connections (error ${-error}); the module nf_conntrack_netlink is needed`,
  );
}
