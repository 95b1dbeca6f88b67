/**
 * What says where the flows of a scenario must land, for a reader who has only the report. `settings`: the settings of a mesh, as options
 * of a command, and where others came from; `contract`: a contract file, by its name; `scenario`: the flows of a scenario file say it
 * themselves, and `text` has the options of the pod that it is about.
 *
 * @example
 * { kind: "settings", text: "--mesh istio-1.4 -u 1337 -i '*' -b '*' -d 15020" }
 * { kind: "contract", text: "gate.yaml" }
 */
export interface RequiredBy {
  readonly kind: "settings" | "contract" | "scenario";
  readonly text: string;
}
