import { codedFinding, type Finding } from "../../model/finding.ts";
import type { MeshInput, SettingOrigin } from "../mesh.ts";
import { readOptionWords } from "../option-words.ts";
import { KUMA_OPTIONS, type KumaOption } from "./options.ts";
import { readYaml } from "./yaml.ts";

/** What was given for one setting, by the strongest source that names it. */
export interface Given {
  /** The flag, the variable, or the file with the path in it, for findings. */
  readonly where: string;
  readonly origin: SettingOrigin;
  /** In order; several for settings that are lists of texts. */
  readonly texts: readonly string[];
}

/** Everything that was given, by setting. */
export interface GivenSettings {
  readonly given: ReadonlyMap<string, Given>;
  readonly asksForHelp: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Collects what was given for every setting: flags beat variables, and variables beat the file. As in the tool, variables count only where
 * a file is given (pkg/config/loader.go at 348b6528bc23 reads them behind a file alone).
 */
export function readGiven({
  tokens,
  config,
  environment,
}: Pick<MeshInput, "tokens" | "config" | "environment">): GivenSettings {
  const { values, asksForHelp, findings: found } = readOptionWords(tokens, KUMA_OPTIONS);
  const yaml = config === null ? { texts: new Map<string, readonly string[]>(), findings: [] } : readYaml(config);
  const findings = [...found, ...yaml.findings];
  const find = (option: KumaOption): Given | null => {
    const flag = values.get(option.setting);
    if (flag) return givenBy("flag", flag.flag, flag.texts);
    if (config === null) return null;
    const texts = yaml.texts.get(option.setting);
    const inFile = texts && { ...givenBy("config", config.path, texts), where: `${config.path}: ${option.setting}` };
    return readVariable(option, environment) ?? inFile ?? null;
  };
  const given = new Map<string, Given>();
  for (const option of KUMA_OPTIONS) {
    const one = find(option);
    if (one === null) continue;
    given.set(option.setting, one);
    if (typeof option.effect === "object") findings.push(codedFinding("unsupported", one.where, option.effect.instead));
  }
  return { given, asksForHelp, findings };
}

function givenBy(kind: SettingOrigin["kind"], name: string | null, texts: readonly string[]): Given {
  return { where: name ?? kind, origin: { kind, name }, texts };
}

/** Lists of texts have commas between them in a variable (kelseyhightower/envconfig, processField). */
function readVariable({ variable, shape }: KumaOption, environment: MeshInput["environment"]): Given | null {
  const value = variable === null ? undefined : environment[variable];
  if (variable === null || value === undefined) return null;
  const isList = shape === "texts";
  return givenBy("variable", variable, isList ? (value.trim() === "" ? [] : value.split(",")) : [value]);
}
