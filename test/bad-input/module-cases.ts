import { type BadInput, HOSTILE, PIPE, refuses, SIMULATED } from "./case.ts";

const asScenario = (what: string, text: string, says: RegExp) =>
  refuses(`a scenario that ${what}`, ["verify", "s.mjs", ...SIMULATED], { "s.mjs": text }, { says });
const asProperties = (what: string, text: string, says: RegExp) =>
  refuses(`properties that ${what}`, ["prove", "--properties", "s.mjs"], { "s.mjs": text }, { says });
/** A module that leaves its process alive, given with many others. */
const quiet = (what: string, text: string, says = /./) =>
  ({ ...asScenario(what, text, says), kind: "one-of-many" }) as const;
/** A module that misbehaves, given to `verify` and to `prove`. */
const both = (what: string, text: string, says = /s\.mjs/) => [
  asScenario(what, text, says),
  asProperties(what, text, says),
];

const KILL_ITSELF =
  'import { execFileSync } from "node:child_process"; execFileSync("/bin/sh", ["-c", "kill -9 " + process.pid]);';
const ENDLESS_PROXY =
  "const p = new Proxy({}, { ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }), get: () => p, getPrototypeOf: () => null }); export default p;";
const NESTING_PROXY =
  "const make = () => new Proxy({}, { ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }), get: () => make() }); export default make();";

/** Modules that do what no data does, or export what is none. */
export const MODULE_CASES: readonly BadInput[] = [
  ...both("ends its process", "process.exit(0);", /s\.mjs: .*ended the process that loads it, with code 0/),
  asScenario("ends its process with a failure", "process.exit(70);", /with code 70/),
  asScenario("kills its process", "process.kill(process.pid);", /SIGTERM/),
  ...both("kills landfall", "process.kill(process.ppid);", /s\.mjs:1:9: .*process\.kill/),
  asScenario("kills its group", "process.kill(0);", /process\.kill/),
  asProperties("kills everybody", "process.kill(-1, 0 || 'SIGTERM');", /process\.kill/),
  ...both("aborts", "process.abort();", /s\.mjs:1:9: .*process\.abort/),
  ...both("is killed from outside", KILL_ITSELF, /SIGKILL/),
  asScenario("waits for ever", "setInterval(() => {}, 1); await new Promise(() => {});", /did not finish loading/),
  asProperties("computes for ever", "while (true);", /did not finish loading/),
  asScenario(
    "writes for ever",
    'while (true) console.log("\\u001b[31m".repeat(1e4));',
    /did not finish loading|MiB of memory/,
  ),
  asProperties(
    "writes on the channel of its answers",
    'import fs from "node:fs"; fs.writeSync(3, `\\n{"index":0}\\n`); throw new Error("told");',
    /told|did not finish/,
  ),
  asScenario(
    "takes all memory",
    "const a = []; while (true) a.push(new Array(1e6).fill(0));",
    /MiB of memory|did not finish/,
  ),
  ...both("throws", `throw new Error(${JSON.stringify(HOSTILE)});`, /cannot be loaded/),
  ...both("throws a text", "throw 'a text';", /a text/),
  quiet("throws what is no error", "throw null;", /cannot be loaded/),
  quiet("throws an error without end", "throw new Error('line\\n'.repeat(1e5));", /cannot be loaded/),
  ...both(
    "throws later",
    'setTimeout(() => { throw new Error("later"); }); await new Promise((r) => setTimeout(r, 200));',
    /s\.mjs:1:26: .*later/,
  ),
  ...both("rejects", 'Promise.reject(new Error("unheard")); export default {};', /unheard/),
  ...both("is no JavaScript", "export default {", /Unexpected end/),
  quiet("is prose", "This is no module.", /cannot be loaded/),
  quiet("is bytes", "\u0000\u0001\u0002\u001b[31m", /cannot be loaded/),
  quiet("imports what is not there", 'import "./nowhere.mjs";', /nowhere/),
  asScenario("imports itself for ever", 'import "./s.mjs"; await import("./s.mjs?1"); export default 1;', /s\.mjs/),
  quiet("imports a package that nobody has", 'import "no-such-package-anywhere";', /no-such-package-anywhere/),
  ...both("exports nothing", "export {};"),
  ...both("exports a function", "export default () => 1;"),
  quiet("exports a symbol", "export default Symbol('x');"),
  quiet("exports a number", "export default 7;"),
  quiet("exports a date", "export default new Date(0);"),
  quiet("exports a map", "export default new Map([[1, 2]]);"),
  quiet("exports a class", "export default new (class Strange { name = 1 })();"),
  quiet("has a getter that throws", 'export default { get name() { throw new Error("no") } };', /name threw: no/),
  quiet("has a getter that throws nothing", "export default { get name() { throw undefined } };", /reading name threw/),
  ...both("is a proxy that throws", 'export default new Proxy({}, { ownKeys() { throw new Error("trap") } });', /trap/),
  quiet("is a proxy that contains itself", ENDLESS_PROXY, /contains itself/),
  quiet("is a proxy without end", NESTING_PROXY, /nested/),
  quiet(
    "is a proxy that was revoked",
    "const r = Proxy.revocable({}, {}); r.revoke(); export default r.proxy;",
    /revoked/,
  ),
  ...both("contains itself", "const a = { name: 's' }; a.a = a; export default a;", /contains itself/),
  ...both("is nested without end", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; export default a;", /nested/),
  ...both("is too large", 'export default { name: "s", claim: "x".repeat(1e8) };', /characters/),
  quiet("has too many values", "export default Array.from({ length: 2e5 }, () => 1);", /values/),
  quiet("has a list with holes without end", "const a = []; a.length = 4e9; export default a;", /values/),
  quiet("holds a number that is none", "export default { name: NaN };"),
  refuses(
    "a folder, each faulty file of which is named",
    ["verify", "f", ...SIMULATED],
    { "f/a.mjs": "process.exit(0);", "f/b.mjs": "export default 1;", "f/c.mjs": "throw new Error('c');" },
    { says: /a\.mjs.*b\.mjs.*c\.mjs/s },
  ),
  refuses(
    "a folder of a hundred faulty files",
    ["verify", "f", ...SIMULATED],
    Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f/s${i}.mjs`, "export default 1;"])),
    { says: /more findings are not shown/ },
  ),
  refuses("to mutate what ends its process", ["mutate", "s.mjs", ...SIMULATED], { "s.mjs": "process.exit(0);" }),
  refuses("to list what ends its process", ["verify", "--list", "s.mjs"], { "s.mjs": "process.exit(0);" }),
  refuses("a scenario that is nowhere", ["verify", `no${HOSTILE}.mjs`, ...SIMULATED]),
  refuses("a scenario that is a pipe", ["verify", "s.mjs", ...SIMULATED], { "s.mjs": PIPE }),
  refuses("properties that are a module in a pipe", ["prove", "--properties", "s.mjs"], { "s.mjs": PIPE }),
  refuses("properties that are a device", ["prove", "--properties", "/dev/zero"]),
  refuses("properties that are a folder of modules", ["prove", "--properties", "."]),
];
