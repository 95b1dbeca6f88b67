import { parseSync, Visitor } from "rolldown/utils";

/**
 * Gives a module that does the same and whose functions V8 compiles when it compiles the module: it does so with a function in parentheses,
 * and puts off every other until it is called. Node's compile cache keeps what the first compiling has made, and so without this each
 * function that a process calls is compiled in each process anew (`module.enableCompileCache`).
 *
 * Functions declared at the top become constants above all else; methods, and functions declared inside others, stay as they are.
 * `function f() {} g(() => 1)` becomes `const f = (function f() {}); g((() => 1))`.
 * @param {string} code
 */
export function compileAhead(code) {
  const { program, errors } = parseSync("module.js", code);
  if (errors.length > 0) throw new Error(`What rolldown has made cannot be read: ${errors[0]?.message}`);
  const declared = program.body.flatMap((one) =>
    one.type === "FunctionDeclaration" && one.id ? [{ name: one.id.name, start: one.start, end: one.end }] : [],
  );
  const places = findExpressions(program).flatMap(({ start, end }) => [
    { at: start, text: "(" },
    { at: end, text: ")" },
  ]);
  /** @param {number} from @param {number} to */
  const render = (from, to) => {
    const inside = places.filter(({ at }) => from <= at && at <= to).sort((one, other) => one.at - other.at);
    const ends = [...inside, { at: to, text: "" }];
    return ends.map(({ at, text }, i) => code.slice(ends[i - 1]?.at ?? from, at) + text).join("");
  };
  const constants = declared.map(({ name, start, end }) => `const ${name} = (${render(start, end)});\n`);
  const edges = [0, ...declared.flatMap(({ start, end }) => [start, end]), code.length];
  const rest = edges.flatMap((from, i) => (i % 2 === 0 ? [render(from, edges[i + 1] ?? from)] : []));
  return [...constants, ...rest].join("");
}

/**
 * Finds the function expressions that may stand in parentheses: all but methods.
 * @param {import("rolldown/utils").ESTree.Program} program
 */
function findExpressions(program) {
  const methods = new Set();
  /** @type {{ start: number, end: number }[]} */
  const found = [];
  new Visitor({
    MethodDefinition: ({ value }) => void methods.add(value),
    Property: ({ method, kind, value }) => void ((method || kind !== "init") && methods.add(value)),
    ArrowFunctionExpression: (node) => void found.push(node),
    FunctionExpression: (node) => void (methods.has(node) || found.push(node)),
  }).visit(program);
  return found;
}
