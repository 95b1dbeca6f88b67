import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LIBRARY_PAGE, LibraryExamples } from "./library-page.ts";
import { ROOT } from "./markdown.ts";
import { runPage, updatePage } from "./page.ts";
import { PAGES } from "./page-list.ts";

// `npm run docs`: writes into the pages what their commands print; a test holds them to be current.
for (const document of PAGES) {
  const folder = mkdtempSync(join(tmpdir(), "landfall-pages-"));
  try {
    updatePage(join(ROOT, document), (await runPage(document, folder)).printed);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

using library = new LibraryExamples();
const said = library.run();
updatePage(
  join(ROOT, LIBRARY_PAGE),
  library.examples.map(({ printed }, i) => ({ block: printed, printed: said[i] ?? "" })),
);
