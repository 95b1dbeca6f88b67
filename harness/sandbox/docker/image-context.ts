import { readFileSync, statSync } from "node:fs";
import { type Pack, pack } from "tar-stream";
import { type ImageExtras, type ImageName, listContextFiles } from "./image-contents.ts";

/** Gives the build context of an image as a tar stream. */
export function packContext(name: ImageName, extras: ImageExtras): Pack {
  const tar = pack();
  for (const file of listContextFiles(name, extras)) {
    const { mode } = statSync(file.path);
    tar.entry({ name: file.name, mode: mode & 0o777, mtime: new Date(0) }, readFileSync(file.path));
  }
  tar.finalize();
  return tar;
}
