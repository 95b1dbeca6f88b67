import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderComparison } from "./comparison.ts";

// `npm run compare-meshes`: writes the document that the test beside it holds to be current.
writeFileSync(join(import.meta.dirname, "../../docs/compare-meshes.md"), renderComparison());
