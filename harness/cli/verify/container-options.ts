import { type BackendChoice, backendOf } from "../../model/backends.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";

/** What of `verify`'s options decides whether `--reuse` can be meant. */
interface ReuseChoice {
  readonly world: "new" | "kept-world";
  readonly sandbox: BackendChoice;
  readonly rules: { readonly script: string | null };
  readonly afterwards: "clean" | "keep";
  readonly repetition: "once" | "watch";
}

/** The options that containers alone heed. */
interface ContainerChoice {
  readonly captureBy: "init-container" | "whoever-fits";
  readonly rights: "capabilities" | "privileged";
}

/**
 * Refuses `--reuse` where it cannot be meant: a world is kept only where that saves something, and where all that a run may leave in it is
 * known.
 */
export function refuseReuse({ world, sandbox, rules, afterwards, repetition }: ReuseChoice): readonly Finding[] {
  if (world === "new") return [];
  const findings: Finding[] = [];
  const refuse = (holds: boolean, code: "unsupported" | "conflict", message: string) =>
    holds && findings.push(codedFinding(code, "--reuse", message));
  refuse(
    backendOf(sandbox).pod === "ends-with-process",
    "unsupported",
    `Only the containers of docker take long to start and can be kept; remove --reuse, or remove --sandbox ${sandbox}.`,
  );
  refuse(
    rules.script !== null,
    "conflict",
    "A script may change more of the pod than a later run could check; remove --reuse or --rules-script.",
  );
  refuse(
    afterwards === "keep",
    "conflict",
    "--keep leaves the rules in the pod, and --reuse a pod without rules; remove one of them.",
  );
  refuse(repetition === "watch", "conflict", "--watch keeps one pod for all its rounds already; remove --reuse.");
  return findings;
}

/** Refuses what only containers heed; it would be passed over without a word. */
export function refuseContainerOptions(options: ContainerChoice & Pick<ReuseChoice, "sandbox">): readonly Finding[] {
  const message = `It works with the docker backend only; remove it, or remove --sandbox ${options.sandbox}.`;
  return listContainerOptions(options).map((option) => codedFinding("unsupported", option, message));
}

/** Gives the options that were given and that only the docker backend uses: `["--init-container"]`. */
export function listContainerOptions({ captureBy, rights }: ContainerChoice): readonly string[] {
  return [
    ...(captureBy === "init-container" ? ["--init-container"] : []),
    ...(rights === "privileged" ? ["--privileged"] : []),
  ];
}
