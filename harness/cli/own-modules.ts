import nodeModule from "node:module";
import { extname } from "node:path";

/** Node's names for what a file of landfall holds, by how its name ends. */
const FORMATS: Readonly<Record<string, string>> = { ".ts": "module-typescript", ".js": "module" };

/**
 * Lets Node take the address of one of landfall's modules as another one writes it. Node looks at the file system some times for each, for
 * links, folders and a package.json, and that is a third of what starting a command costs. Nothing can come of it here: addresses are
 * whole, with their endings, and `harness` holds neither links nor a package.json. Packages, JSON and users' modules are found as ever.
 *
 * `address` is that of a module in `harness/cli` (`import.meta.url`); it tells the folder, and whether modules are sources. Where Node has
 * no hooks (`module.registerHooks`, from Node 24 on) nothing changes.
 */
export function findOwnModulesAtOnce(address: string): void {
  const own = new URL("../", address).href;
  const ending = extname(address);
  const format = FORMATS[ending];
  if (format === undefined) return;
  nodeModule.registerHooks?.({
    resolve(specifier, context, next) {
      if (!specifier.startsWith(".") || !specifier.endsWith(ending) || !context.parentURL?.startsWith(own))
        return next(specifier, context);
      const url = new URL(specifier, context.parentURL).href;
      return url.startsWith(own) ? { url, format, shortCircuit: true } : next(specifier, context);
    },
  });
}
