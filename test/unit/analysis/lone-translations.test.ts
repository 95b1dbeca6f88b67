import { describe, expect, test } from "vitest";
import { openLoneTranslations } from "../../../harness/analysis/lone-translations.ts";
import { load } from "./seed.ts";

/** Gives whether the first rule of OUTPUT is the only one that translates so. */
function isFirstLone(...rules: readonly string[]): boolean {
  const text = ["*nat", ":PREROUTING ACCEPT", ":OUTPUT ACCEPT", ...rules.map((rule) => `-A ${rule}`), "COMMIT", ""];
  return openLoneTranslations(load(text.join("\n")), 4)({ family: 4, table: "nat", chain: "OUTPUT", index: 1 });
}

const FIRST = "OUTPUT -p tcp -j DNAT --to-destination 10.0.0.1:80";

describe("a rule is the only one that translates to where it does", () => {
  test.each([
    ["beside one to another port", FIRST, "OUTPUT -p tcp -j DNAT --to-destination 10.0.0.1:81"],
    ["beside one to another address", FIRST, "OUTPUT -p tcp -j DNAT --to-destination 10.0.0.2:80"],
    ["beside one that redirects to another port", FIRST, "PREROUTING -p tcp -j REDIRECT --to-ports 81"],
    ["when it redirects", "OUTPUT -p tcp -j REDIRECT --to-ports 80", FIRST.replace(":80", ":81")],
  ])("%s", (_, ...rules) => expect(isFirstLone(...rules)).toBe(true));
});

describe("it may not be the only one", () => {
  test.each([
    ["beside the same elsewhere", FIRST, FIRST.replace("OUTPUT", "PREROUTING")],
    ["beside one that redirects to its port", FIRST, "PREROUTING -p tcp -j REDIRECT --to-ports 80"],
    ["when it redirects, beside one to the same port", "OUTPUT -p tcp -j REDIRECT --to-ports 80", FIRST],
    ["beside one that keeps the port", FIRST, "PREROUTING -p tcp -j DNAT --to-destination 10.0.0.9"],
    ["beside one to a range of ports", FIRST, "PREROUTING -p tcp -j REDIRECT --to-ports 90-99"],
    ["beside one to a range of addresses", FIRST, "PREROUTING -p tcp -j DNAT --to-destination 10.0.0.8-10.0.0.9:7"],
    ["when it translates nothing", "OUTPUT -p tcp -j RETURN", FIRST.replace("OUTPUT", "PREROUTING")],
  ])("%s", (_, ...rules) => expect(isFirstLone(...rules)).toBe(false));
});
