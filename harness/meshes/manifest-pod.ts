/** Where something stands in a pod: `["spec", "initContainers", 0, "args"]`. */
export type ManifestPath = readonly (string | number)[];

/** A container of a pod, as far as meshes ask about it. */
export interface ManifestContainer {
  readonly name: string;
  readonly image: string;
  /** The program and its first words, in the place of those of the image; none where the image's own program runs. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Null where a variable's value comes from elsewhere (`valueFrom`), and is not in the manifest. */
  readonly env: ReadonlyMap<string, string | null>;
  /** Whether it has variables of which the manifest does not even tell the names. */
  readonly envFrom: "none" | "given";
  /** Its own, else the pod's; null where neither says any: the image decides then. */
  readonly runAsUser: number | null;
  readonly runAsGroup: number | null;
  readonly path: ManifestPath;
}

/** A pod as its manifest describes it. */
export interface PodManifest {
  /** The file's name, as the user gave it. */
  readonly file: string;
  /** `Pod web-1`, `the pod template of Deployment web`. */
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly initContainers: readonly ManifestContainer[];
  readonly containers: readonly ManifestContainer[];
  /** The pod's addresses as its status lists them, in order; none of a pod that does not run. */
  readonly addresses: readonly string[];
  /** The name servers that the pod's own dnsConfig names. */
  readonly nameservers: readonly string[];
  /** Whether the cluster's own name server is left out: dnsPolicy None. */
  readonly dnsPolicy: "cluster" | "none";
  /** Gives the line of a place in the pod, from 1; null where it is not known. */
  readonly lineOf: (path: ManifestPath) => number | null;
}
