import { CallError } from "./fault.ts";
import { runInNamespace } from "./identity.ts";
import { checkResult, close, KERNEL, recv, send, socket } from "./syscalls.ts";

/** `nlmsghdr` and `nfgenmsg` of "delete all entries": include/uapi/linux/netfilter/nfnetlink_conntrack.h, linux/netlink.h. */
const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_DELETE = 2;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;

/**
 * Makes the kernel forget every connection it tracks in a namespace, both families, as `conntrack -F` does.
 * A connection that is still known keeps the address it was given under earlier rules.
 */
export function forgetConnections(namespace: number | null): void {
  const fd = runInNamespace(namespace, () =>
    checkResult(
      socket(KERNEL.AF_NETLINK, KERNEL.SOCK_RAW | KERNEL.SOCK_CLOEXEC, KERNEL.NETLINK_NETFILTER),
      "socket for",
      "netfilter's netlink",
    ),
  );
  try {
    const request = Buffer.alloc(20);
    request.writeUInt32LE(request.length, 0);
    request.writeUInt16LE((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE, 4);
    request.writeUInt16LE(NLM_F_REQUEST | NLM_F_ACK, 6);
    checkResult(Number(send(fd, request, request.length, 0)), "send to", "netfilter's netlink");
    const reply = Buffer.alloc(256);
    checkResult(Number(recv(fd, reply, reply.length, KERNEL.MSG_DONTWAIT)), "receive from", "netfilter's netlink");
    const error = reply.readInt32LE(16);
    if (error !== 0) {
      throw new CallError(
        "environment",
        `the kernel cannot forget tracked connections (error ${-error}); the module nf_conntrack_netlink is needed`,
      );
    }
  } finally {
    close(fd);
  }
}
