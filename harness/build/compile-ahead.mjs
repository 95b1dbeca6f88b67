import { parseSync, Visitor } from "rolldown/utils";

/**
 * Gives a module that does the same and whose functions V8 compiles when it compiles the module: it does so with a function in parentheses,
 * and puts off every other until it is called. Node's compile cache keeps what the first compiling has made, and so without this each
 * function that a process calls is compiled in each process anew (`module.enableCompileCache`).
 *
 * Functions declared at the top become constants above all else; methods, and functions declared inside others, stay as they are.
 * `function f() {} g(() => 1)` becomes `const f = (function f() {}); g((() => 1))`.
 *
 * Only functions that end where `ends` says are compiled so, if it is given: what no process calls is read from the cache for nothing.
 * @param {string} code
 * @param {ReadonlySet<number> | null} ends
 */
export function compileAhead(code, ends = null) {
  const { program, errors } = parseSync("module.js", code);
  if (errors.length > 0) throw new Error(`What rolldown has made cannot be read: ${errors[0]?.message}`);
  const isWanted = (/** @type {{ end: number }} */ { end }) => ends === null || ends.has(end);
  const declared = program.body
    .filter(isWanted)
    .flatMap((one) =>
      one.type === "FunctionDeclaration" && one.id ? [{ name: one.id.name, start: one.start, end: one.end }] : [],
    );
  const places = findExpressions(program)
    .filter(isWanted)
    .flatMap(({ start, end }) => [
      { at: start, text: "(" },
      { at: end, text: ")" },
    ])
    .sort((one, other) => one.at - other.at);
  /** @param {number} from @param {number} to */
  const render = (from, to) => {
    const inside = places.slice(findFirst(places, from), findFirst(places, to + 1));
    const cuts = [...inside, { at: to, text: "" }];
    return cuts.map(({ at, text }, i) => code.slice(cuts[i - 1]?.at ?? from, at) + text).join("");
  };
  const constants = declared.map(({ name, start, end }) => `const ${name} = (${render(start, end)});\n`);
  const edges = [0, ...declared.flatMap(({ start, end }) => [start, end]), code.length];
  const rest = edges.flatMap((from, i) => (i % 2 === 0 ? [render(from, edges[i + 1] ?? from)] : []));
  return [...constants, ...rest].join("");
}

/**
 * Gives how many of some places, in order, come before one.
 * @param {readonly { at: number }[]} places
 * @param {number} from
 */
function findFirst(places, from) {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle]?.at ?? from) < from) low = middle + 1;
    else high = middle;
  }
  return low;
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
