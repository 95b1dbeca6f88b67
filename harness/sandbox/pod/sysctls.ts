/** Settings of the kernel for one network namespace, by path below `/proc/sys`. */
export type Sysctls = Readonly<Record<string, string>>;

/**
 * What every host's namespace needs: no reverse-path check (policy routing delivers by other routes), every port for every owner, errors
 * that the kernel does not hold back, and no connection in TIME_WAIT: its port is free at once, and `-m socket` cannot take a later flow
 * from there for the old one.
 */
export const HOST_SYSCTLS: Sysctls = {
  "net/ipv4/conf/all/rp_filter": "0",
  "net/ipv4/conf/default/rp_filter": "0",
  "net/ipv4/ip_unprivileged_port_start": "0",
  "net/ipv4/tcp_max_tw_buckets": "0",
  "net/ipv4/icmp_ratemask": "0",
  "net/ipv6/icmp/ratemask": "0",
};

/** Lets a host pass on what is not for it, and say so where it knows no way. */
export const FORWARDING_SYSCTLS: Sysctls = {
  "net/ipv4/ip_forward": "1",
  "net/ipv4/conf/all/send_redirects": "0",
  "net/ipv4/conf/default/send_redirects": "0",
  "net/ipv6/conf/all/forwarding": "1",
};
