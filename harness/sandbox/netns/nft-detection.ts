import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describeFailure } from "../../errors.ts";
import { explainNetnsFailure } from "./failure.ts";
import { readNamespaceSettings, renderNamespaceCommand } from "./namespace-settings.ts";

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 10_000;

/** A table that is made and listed as JSON, in a namespace that ends with the look. */
const PROBE = "nft add table inet probe && nft -j list ruleset";

const INSTALL = "Install it: sudo apt-get install nftables.";

/** What is to be said of nft on this machine. `why` and `remedy` are whole sentences, null where it works. */
export interface NftSupport {
  readonly tool: "nft";
  /** Whether it puts tables into a kernel and lists them as JSON, in which landfall reads live rules. */
  readonly works: boolean;
  readonly why: string | null;
  readonly remedy: string | null;
}

/** Says whether nft with JSON support works here, as root or as an ordinary user: it tries, and asks `nft -V` why it does not. */
export async function detectNft(): Promise<NftSupport> {
  const settings = readNamespaceSettings();
  try {
    const [command, ...args] = renderNamespaceCommand(settings.uid, ["sh", "-c", PROBE]);
    const { stdout } = await run(command, args, { timeout: PROBE_TIMEOUT_MS });
    // Some builds accept -j and print text.
    if (stdout.trimStart().startsWith("{")) return { tool: "nft", works: true, why: null, remedy: null };
    return fails(WITHOUT_JSON, INSTALL_JSON);
  } catch (error) {
    const features = await readFeatures();
    if (features === null) return fails("nft is not installed.", INSTALL);
    if (!/^\s*json:\s*yes$/m.test(features)) return fails(WITHOUT_JSON, INSTALL_JSON);
    const { why, remedy } = explainNetnsFailure(describeFailure(error), settings);
    return fails(why, remedy);
  }
}

const WITHOUT_JSON = "The nft installed here has no JSON support.";
const INSTALL_JSON = "Install one that has it, as Debian's package nftables: sudo apt-get install nftables.";

/** Gives what `nft -V` prints, which needs no rights; null where there is no nft. */
async function readFeatures(): Promise<string | null> {
  try {
    return (await run("nft", ["-V"], { timeout: PROBE_TIMEOUT_MS })).stdout;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? null : "";
  }
}

function fails(why: string, remedy: string): NftSupport {
  return { tool: "nft", works: false, why, remedy };
}
