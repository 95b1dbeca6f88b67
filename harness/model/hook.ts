/** The five hooks of the kernel's packet path, in the order in which a forwarded and then a local packet meets them. */
export const HOOKS = ["prerouting", "input", "forward", "output", "postrouting"] as const;

/** A hook of the kernel's packet path (`NF_INET_*`, include/uapi/linux/netfilter.h). */
export type Hook = (typeof HOOKS)[number];
