/**
 * Says why the user lets nothing be installed here, as a clause; null where that is allowed.
 * @param {Readonly<Record<string, string | undefined>>} environment
 */
export function whyForbidden(environment = process.env) {
  return environment["LANDFALL_NO_INSTALL"] === "1" ? "LANDFALL_NO_INSTALL=1 forbids installing it" : null;
}
