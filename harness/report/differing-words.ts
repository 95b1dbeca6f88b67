/** Words in which two rules may differ and still be told apart at a glance. */
const FEW = 6;

/**
 * Gives the words in which a rule differs from the one required, with what they are a value of; null where they are alike, or differ in
 * many.
 *
 * @example
 * describeDifference("-A OUTPUT -p udp -j REDIRECT --to-ports 15503", "-A OUTPUT -p udp -j REDIRECT --to-ports 15053")
 * // "--to-ports 15503 instead of --to-ports 15053"
 */
export function describeDifference(rule: string, required: string): string | null {
  const [has, wants] = [rule, required].map((text) => withoutCounts(text).split(/\s+/)) as [string[], string[]];
  const shorter = Math.min(has.length, wants.length);
  let start = 0;
  while (start < shorter && has[start] === wants[start]) start++;
  let end = 0;
  while (end < shorter - start && has.at(-1 - end) === wants.at(-1 - end)) end++;
  const [own, other] = [has, wants].map((words) => words.slice(start, words.length - end)) as [string[], string[]];
  if (own.length + other.length === 0 || own.length > FEW || other.length > FEW) return null;
  if (own.length === 0) return `${other.join(" ")} is missing`;
  if (other.length === 0) return `${own.join(" ")} is too much`;
  // An operator, as nft writes it, says nothing without the word before it.
  const named = has.slice(0, start).findLastIndex((word) => /[a-z]/i.test(word));
  const before = has.slice(Math.max(named, 0), start);
  const quote = (words: readonly string[]) => [...before, ...words].join(" ");
  return `${quote(own)} instead of ${quote(other)}`;
}

/** What nft has counted is no difference. */
function withoutCounts(text: string): string {
  return text.replaceAll(/ counter packets \d+ bytes \d+| counter(?= )/g, "");
}
