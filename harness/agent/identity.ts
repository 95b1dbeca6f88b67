import { openSync, readlinkSync } from "node:fs";
import type { Owner } from "../model/pod.ts";
import { checkResult, KERNEL, setfsgid, setfsuid, setns, unshare } from "./syscalls.ts";

const ownNamespace = openSync("/proc/thread-self/ns/net", "r");
/** An id no process can have: `setfsuid` refuses it and tells the present one (man 2 setfsuid, "Return value"). */
const NO_ID = 0xffffffff;

/** Makes a network namespace that lives as long as the descriptor given back, or a socket or process in it. */
export function makeNamespace(): number {
  dropRole();
  checkResult(unshare(KERNEL.CLONE_NEWNET), "unshare", "a network namespace");
  try {
    return openSync("/proc/thread-self/ns/net", "r");
  } finally {
    enterNamespace(ownNamespace);
  }
}

/**
 * Runs `act`, which must be synchronous, in a network namespace: sockets it makes and processes it starts belong there.
 * `setns(2)` moves the calling thread alone. Null is the namespace the thread is in anyway.
 */
export function runInNamespace<T>(namespace: number | null, act: () => T): T {
  dropRole();
  if (namespace === null) return act();
  enterNamespace(namespace);
  try {
    return act();
  } finally {
    enterNamespace(ownNamespace);
  }
}

/** Gives an owner as `uid:gid`, which no other owner has. */
export function nameOwner({ uid, gid }: Owner): string {
  return `${uid}:${gid}`;
}

/** Owners that the kernel has let the thread be, by name. */
const ownersThatWork = new Set<string>();

/**
 * Makes a thread the owner of what it opens from now on. `-m owner` compares the fsuid and fsgid of whoever opened the socket
 * (net/netfilter/xt_owner.c); the thread keeps its rights, so that it can still enter namespaces and take low ports. Throws an Error where
 * the kernel knows no such id here (an unmapped id of a user namespace) or does not allow it.
 */
export function assumeOwner({ uid, gid }: Owner): void {
  setfsgid(gid);
  setfsuid(uid);
  const name = nameOwner({ uid, gid });
  if (ownersThatWork.has(name)) return;
  const [seenUid, seenGid] = [setfsuid(NO_ID) >>> 0, setfsgid(NO_ID) >>> 0];
  if (seenUid !== uid || seenGid !== gid) {
    throw new Error(
      `cannot open sockets as uid ${uid}, gid ${gid}: the kernel keeps uid ${seenUid}, gid ${seenGid}; ` +
        "the ids must be mapped in this user namespace (/etc/subuid, /etc/subgid), and CAP_SETUID and CAP_SETGID are needed",
    );
  }
  ownersThatWork.add(name);
}

/** This process's number as the mounted /proc counts: another than its own where it is in a pid namespace below that. */
export const OUTER_PID = Number(readlinkSync("/proc/self"));

/** The owner that this process was started as. */
export const OWN_OWNER: Owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

/** Where and as whom sockets are opened. */
interface Role {
  /** A descriptor; null for the namespace the process was started in. */
  readonly namespace: number | null;
  readonly owner: Owner;
}

/** The role the thread still plays; null: none but its own. */
let role: Role | null = null;

/** The namespaces in which the thread has listeners for connections, and how many. */
const acceptingNamespaces = new Map<number | null, number>();

/**
 * Tells that the thread has opened a listener for connections in a namespace; call what it gives when the listener is closed. Whatever a
 * thread accepts belongs to who it is then: where rules ask for owners, it must be itself again before the next connection comes in.
 */
export function noteListener(namespace: number | null): () => void {
  const change = (by: number) => {
    const count = (acceptingNamespaces.get(namespace) ?? 0) + by;
    if (count > 0) acceptingNamespaces.set(namespace, count);
    else acceptingNamespaces.delete(namespace);
  };
  change(1);
  return () => change(-1);
}

/**
 * Runs `act`, which must be synchronous, in a namespace and as an owner. The thread keeps the role until it needs another or anything else
 * is to be done ({@link dropRole}): flows of one actor follow each other, and changing costs more than opening a socket. Where the thread
 * itself accepts connections in that namespace ({@link noteListener}), it keeps the role no longer than what runs now.
 * For threads whose own owner is {@link OWN_OWNER}.
 */
export function runInRole<T>(namespace: number | null, owner: Owner, act: () => T): T {
  const isSame = role?.namespace === namespace && nameOwner(role.owner) === nameOwner(owner);
  if (!isSame) takeRole({ namespace, owner });
  return act();
}

function takeRole(next: Role): void {
  dropRole();
  role = next;
  if (acceptingNamespaces.has(next.namespace)) process.nextTick(dropRole);
  try {
    if (next.namespace !== null) enterNamespace(next.namespace);
    if (nameOwner(next.owner) !== nameOwner(OWN_OWNER)) assumeOwner(next.owner);
  } catch (error) {
    dropRole();
    throw error;
  }
}

/** Makes the thread itself again; whoever opens, starts or writes anything else does it first. */
export function dropRole(): void {
  if (role === null) return;
  if (role.namespace !== null) enterNamespace(ownNamespace);
  setfsgid(OWN_OWNER.gid);
  setfsuid(OWN_OWNER.uid);
  role = null;
}

function enterNamespace(namespace: number): void {
  checkResult(setns(namespace, KERNEL.CLONE_NEWNET), "setns", `to descriptor ${namespace}`);
}
