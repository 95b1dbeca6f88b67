// Loaded ahead of landfall (`node --import`): a simulator that takes what is redirected to 15006 for redirected to 15007.
import { registerHooks } from "node:module";

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith("/harness/netfilter/target.ts")) return loaded;
    const right = "book.find(address), port });";
    const source = String(loaded.source);
    if (!source.includes(right)) throw new Error(`${url} has no ${right} to be broken`);
    return { ...loaded, source: source.replace(right, "book.find(address), port: port === 15006 ? 15007 : port });") };
  },
});
