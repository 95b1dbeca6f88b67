import { randomBytes } from "node:crypto";
import { runNamespaceCommand } from "./command.ts";
import { CallError } from "./fault.ts";
import { runInNamespace } from "./identity.ts";
import type { CallResult, TracedRule } from "./protocol.ts";
import { encodeNumber, setOption } from "./sockets.ts";
import { bind, checkResult, close, KERNEL, lastErrno, recv, SyscallError } from "./syscalls.ts";
import { listMessages, openTracking, readAttributes } from "./tracking-netlink.ts";

/*
 * What `nft monitor trace` reads (nft(8), MONITOR): numbers are from include/uapi/linux/netfilter/nf_tables.h, nfnetlink.h and
 * include/uapi/linux/netlink.h.
 */

/** `struct sockaddr_nl`: the family, a port that the kernel chooses, and the groups to hear: NFNLGRP_NFTRACE is the ninth. */
const TRACE_GROUP = Buffer.alloc(12);
TRACE_GROUP.writeUInt16LE(KERNEL.AF_NETLINK, 0);
TRACE_GROUP.writeUInt32LE(1 << (9 - 1), 8);
/** NFNL_SUBSYS_NFTABLES and NFT_MSG_TRACE. */
const TRACE = (10 << 8) | 17;
/** Bytes of `struct nlmsghdr`, and of it with `struct nfgenmsg` behind it. */
const HEADER_BYTES = 16;
const MESSAGE_BYTES = HEADER_BYTES + 4;
const ATTRIBUTE = { table: 1, chain: 2, handle: 3, type: 4, family: 15 } as const;
const NFT_TRACETYPE_RULE = 3;
const TABLE_FAMILIES: Readonly<Record<number, TracedRule["tableFamily"]>> = { 1: "inet", 2: "ip", 10: "ip6" };
const NFPROTO_IPV6 = 10;
const ENOBUFS = 105;
/** One flow makes some hundred messages of less than 1 KiB each. */
const BUFFER_BYTES = 1 << 24;
const MESSAGE_LIMIT_BYTES = 1 << 16;

/** Before every other chain of its hooks, whatever their priorities: at equal priority the chain that was loaded last runs first. */
const FIRST = -(2 ** 31);

/**
 * A look at which rules of nft the packets of one namespace match, whether the rules have counters or not: a table of its own marks every
 * packet (`meta nftrace set 1`), and the kernel then says of each rule whose matches all held that the packet has taken it. No other rule
 * is touched, and the table is gone when the look ends. A SyscallError where the kernel refuses the socket.
 */
export class RuleTrace {
  readonly #namespace: number | null;
  readonly #table = `landfall-trace-${randomBytes(4).toString("hex")}`;
  readonly #fd: number;

  private constructor(namespace: number | null) {
    this.#namespace = namespace;
    this.#fd = runInNamespace(namespace, openTracking);
  }

  /** Begins to look in a namespace, given as a descriptor. `environment` where there is no nft, `agent-failed` where the kernel refuses. */
  static async start(namespace: number | null): Promise<RuleTrace> {
    const trace = new RuleTrace(namespace);
    try {
      setOption(trace.#fd, KERNEL.SOL_SOCKET, KERNEL.SO_RCVBUFFORCE, "a trace", encodeNumber(BUFFER_BYTES));
      checkResult(bind(trace.#fd, TRACE_GROUP, TRACE_GROUP.length), "bind", "to the group of traces");
      const table = `inet ${trace.#table}`;
      const chains = ["prerouting", "output"].map(
        (hook) =>
          `add chain ${table} ${hook} { type filter hook ${hook} priority ${FIRST}; }\nadd rule ${table} ${hook} meta nftrace set 1\n`,
      );
      await trace.#run(`add table ${table}\n${chains.join("")}`);
      return trace;
    } catch (error) {
      close(trace.#fd);
      throw error;
    }
  }

  /** Ends the look; gives the rules that packets have taken meanwhile, and whether the kernel could tell of every packet. */
  async end(): Promise<CallResult<"end-trace">> {
    try {
      await this.#run(`delete table inet ${this.#table}\n`);
      return this.#readAll();
    } finally {
      close(this.#fd);
    }
  }

  async #run(stdin: string): Promise<void> {
    const command = ["nft", "-f", "-"];
    const { status, stderr } = await runNamespaceCommand({ namespace: this.#namespace, command, stdin });
    if (status !== 0) throw new CallError("agent-failed", `nft cannot trace packets: ${stderr.trim()}`);
  }

  #readAll(): CallResult<"end-trace"> {
    const taken = new Map<string, TracedRule>();
    const bytes = Buffer.alloc(MESSAGE_LIMIT_BYTES);
    let isOverrun = false;
    for (;;) {
      const length = Number(recv(this.#fd, bytes, bytes.length, KERNEL.MSG_DONTWAIT));
      const errno = length < 0 ? lastErrno() : 0;
      if (errno === KERNEL.EAGAIN) break;
      // The kernel says once that it had no room for a message, and goes on with those that it kept.
      if (errno === ENOBUFS) isOverrun = true;
      else if (errno !== 0 && errno !== KERNEL.EINTR) throw new SyscallError("receive from", "a trace", errno);
      for (const message of listMessages(bytes.subarray(0, Math.max(0, length)))) addTaken(message, taken);
    }
    const rules = [...taken.values()].filter(({ table }) => table !== this.#table);
    // Every packet takes a rule of the trace's own table: where none has, the kernel has told nothing.
    return { rules, isWhole: !isOverrun && taken.size > rules.length };
  }
}

function addTaken(message: Buffer, taken: Map<string, TracedRule>): void {
  const rule = message.readUInt16LE(4) === TRACE ? readTaken(message) : null;
  if (rule === null) return;
  const { family, tableFamily, table, chain, handle } = rule;
  const key = [family, tableFamily, table, chain, handle].join(" ");
  taken.set(key, { ...rule, packets: (taken.get(key)?.packets ?? 0) + 1 });
}

/** Gives the rule that a packet has taken; null for the other events of its way, and for tables of bridges and devices. */
function readTaken(message: Buffer): TracedRule | null {
  const attributes = readAttributes(message.subarray(MESSAGE_BYTES));
  const tableFamily = TABLE_FAMILIES[message[HEADER_BYTES] ?? 0];
  if (tableFamily === undefined || attributes.get(ATTRIBUTE.type)?.readUInt32BE(0) !== NFT_TRACETYPE_RULE) return null;
  const family = attributes.get(ATTRIBUTE.family)?.readUInt32BE(0) === NFPROTO_IPV6 ? 6 : 4;
  const [table, chain] = [ATTRIBUTE.table, ATTRIBUTE.chain].map((type) => readText(attributes.get(type)));
  const handle = Number(attributes.get(ATTRIBUTE.handle)?.readBigUInt64BE(0) ?? 0n);
  return { family, tableFamily, table: table ?? "", chain: chain ?? "", handle, packets: 1 };
}

/** A text ends with a zero byte. */
function readText(bytes: Buffer | undefined): string {
  return bytes?.toString("utf8", 0, bytes.length - 1) ?? "";
}
