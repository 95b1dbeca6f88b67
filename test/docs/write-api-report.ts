import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderApiReport } from "./api-report.ts";
import { ROOT } from "./markdown.ts";

// `npm run api`: writes the page that the test of the library's documentation holds to be current.
writeFileSync(join(ROOT, "docs/api.md"), renderApiReport());
