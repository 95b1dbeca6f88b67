/** What the set-up cannot do: the message says what was tried, what came back and what to do. It ends the set-up with exit code 3. */
export class SetupError extends Error {}

/**
 * Says one thing on stderr; stdout belongs to the command that follows the set-up.
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`landfall set-up: ${text}\n`);
}
