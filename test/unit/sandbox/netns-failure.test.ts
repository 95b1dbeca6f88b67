import { describe, expect, test } from "vitest";
import { explainNetnsFailure, type NamespaceSettings } from "../../../harness/sandbox/netns/failure.ts";

const USER: NamespaceSettings = {
  uid: 1000,
  maxUserNamespaces: 95_000,
  unprivilegedUsernsClone: null,
  apparmorRestrict: null,
};
const ROOT: NamespaceSettings = { ...USER, uid: 0 };

function check(said: string, settings: NamespaceSettings, why: RegExp, remedy: RegExp): void {
  const failure = explainNetnsFailure(said, settings);
  expect(failure.why).toMatch(why);
  expect(failure.remedy).toMatch(remedy);
}

describe("if namespaces cannot be created, the error names the setting and the remedy", () => {
  test.each([
    ["newuidmap", "unshare: failed to execute newuidmap: No such file or directory", USER, /newuidmap/, /uidmap/],
    [
      "a missing tool",
      "spawn unshare ENOENT",
      USER,
      /^The tool unshare is not installed, or not in/,
      /apt-get install/,
    ],
    [
      "user.max_user_namespaces",
      "unshare: unshare failed: No space left on device",
      { ...USER, maxUserNamespaces: 0 },
      /user\.max_user_namespaces is 0/,
      /sysctl user\.max_user_namespaces/,
    ],
    [
      "unprivileged_userns_clone",
      "unshare: unshare failed: Operation not permitted",
      { ...USER, unprivilegedUsernsClone: 0 },
      /unprivileged_userns_clone is 0/,
      /sysctl kernel\.unprivileged_userns_clone=1/,
    ],
    [
      "AppArmor",
      "unshare: write failed /proc/self/uid_map: Operation not permitted",
      { ...USER, apparmorRestrict: 1 },
      /AppArmor/,
      /apparmor_restrict_unprivileged_userns=0/,
    ],
    [
      "subuid",
      'unshare: no line matching user "bob" in /etc/subuid: Success',
      USER,
      /may not map further uids/,
      /add-subuids/,
    ],
    [
      "a container's root",
      "unshare: unshare failed: Operation not permitted",
      ROOT,
      /Root may not create namespaces/,
      /CAP_SYS_ADMIN/,
    ],
    [
      "the limit for namespaces",
      "unshare: unshare failed: No space left on device",
      ROOT,
      /max_net_namespaces/,
      /sysctl user\.max_net_namespaces/,
    ],
    [
      "a kernel without nat",
      "iptables v1.8.9: can't initialize iptables table `nat'",
      ROOT,
      /can't initialize/,
      /modprobe/,
    ],
  ] as const)("%s", (_, said, settings, why, remedy) => check(said, settings, why, remedy));

  test("AppArmor is not blamed if root asks", () => {
    const settings = { ...ROOT, apparmorRestrict: 1 };
    check("unshare: unshare failed: Operation not permitted", settings, /Root may not create/, /CAP_SYS_ADMIN/);
  });
});
