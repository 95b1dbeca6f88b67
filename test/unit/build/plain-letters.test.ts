import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import { writePlainLetters } from "../../../harness/build/plain-letters.mjs";

describe("writePlainLetters", () => {
  test("leaves no letter beyond ASCII, and what the module does as it is", () => {
    const source = `
      const word = "a…z";
      [word, 'µ', \`→ \${word} \${"≤"} ✓\`, /[–—]/.test("—"), /^\\u2026|…$/u.test("…"), { "§": 1 }["§"], "😀".length];
    `;
    const written = writePlainLetters(source);
    const run = (text: string) => JSON.stringify(new Script(text).runInNewContext());
    expect(written).toMatch(/^[\0-\x7f]+$/);
    expect(run(source)).toBe('["a…z","µ","→ a…z ≤ ✓",true,true,1,2]');
    expect(run(written)).toBe(run(source));
  });

  test("leaves a template alone whose tag may see how it was written", () => {
    const source = "const f = String.raw; const text = f`…`;";
    expect(writePlainLetters(source)).toBe(source);
  });

  test("leaves a text alone that has none", () => {
    const source = 'import { a } from "./a.js";\nexport const b = "\\u2026";\n';
    expect(writePlainLetters(source)).toBe(source);
  });
});
