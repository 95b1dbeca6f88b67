import { demandPromises } from "../../contract/strict-contract.ts";
import type { CaptureCommandOptions } from "./capture-options.ts";
import { readContract } from "./contract-option.ts";
import { takeManifest } from "./manifest-option.ts";

/**
 * What commands that judge rules by what must happen read beside a mesh's options: `--contract`, `--strict` and `--manifest`. The image of
 * the init container holds nothing of it.
 */
export const JUDGING = { readContract, demandPromises, takeManifest } as const satisfies Partial<CaptureCommandOptions>;
