import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import { compileAhead } from "../../../harness/build/compile-ahead.mjs";

/** What V8 makes of a source before any of its functions has run, in bytes. */
function compiledSize(source: string): number {
  return new Script(source).createCachedData().length;
}

const LONG = "let n = 0;" + "for (const i of [1, 2, 3]) { n += i * 2; n ^= 7; if (n > 5) n -= 3; }".repeat(20);

describe("compileAhead", () => {
  test.each([
    ["a declared function", `function f() { ${LONG} }`],
    ["an arrow function", `const f = () => { ${LONG} };`],
    ["one that is an argument", `const f = [1].map((x) => { ${LONG} });`],
    ["an asynchronous one", `async function f() { ${LONG} }`],
    ["one in another", `function f() { return [1].map(function g() { ${LONG} }); }`],
  ])("compiles %s with the rest", (_, source) => {
    expect(compiledSize(compileAhead(source))).toBeGreaterThan(2 * compiledSize(source));
  });

  test("compiles of some functions those alone that are asked for", () => {
    const source = `function f() { ${LONG} }\nconst g = () => { ${LONG} };`;
    const endOfF = source.indexOf("\n");
    const [none, one, all] = [new Set<number>(), new Set([endOfF]), null].map((ends) => compileAhead(source, ends));
    expect(none).toBe(source);
    expect(one).toBe(`const f = (function f() { ${LONG} });\n\nconst g = () => { ${LONG} };`);
    expect(all).toBe(`const f = (function f() { ${LONG} });\n\nconst g = (() => { ${LONG} });`);
  });

  test("keeps what the module does", () => {
    const source = `
      const first = twice(4);
      function twice(n) { return [n].map((x) => x * 2)[0]; }
      const one = { add(n) { return n + 1; }, get five() { return 5; }, sum: (a, b) => a + b };
      class Pair { both = () => [this.one, this.two()]; one = 1; two() { return 2; } }
      const curried = (a) => (b) => a - b;
      function* count() { yield 1; yield* [2, 3].map(x => x); }
      [first, one.add(1), one.five, one.sum(2, 3), ...new Pair().both(), curried(5)(2), ...count(), twice.name];
    `;
    const run = (text: string) => JSON.stringify(new Script(text).runInNewContext());
    expect(run(source)).toBe('[8,2,5,5,1,2,3,1,2,3,"twice"]');
    expect(run(compileAhead(source))).toBe(run(source));
  });

  test("keeps imports and exports, and refuses a text that is not a module", () => {
    const source = 'import { a } from "./a.js";\nfunction f() { return a; }\nexport { f };\n';
    expect(compileAhead(source)).toBe(
      'const f = (function f() { return a; });\nimport { a } from "./a.js";\n\nexport { f };\n',
    );
    expect(() => compileAhead("const = 1")).toThrow(/cannot be read/);
  });
});
