import { readFileSync, writeSync } from "node:fs";
import { loadUserModules } from "./user-modules.ts";

/** The process in which one module is loaded while the caller waits for it: takes the file on stdin, and prints what came of it. */
const { results } = await loadUserModules([readFileSync(0, "utf8")]);
const text = Buffer.from(JSON.stringify(results[0]));
for (let at = 0; at < text.length; ) at += writeSync(1, text, at);
