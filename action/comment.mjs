#!/usr/bin/env node
// Keeps one comment on a pull request: written where there is something to say, brought up to date by later runs, and removed where there
// is nothing to say any more. Variables: TOKEN, PULL_REQUEST, REPORT (the file with the comment's Markdown), IS_NEWS ("yes" or "no").
import { readFileSync } from "node:fs";

const MARK = "<!-- landfall: where does every flow land? -->";
/** GitHub takes 65,536 characters. */
const CHARACTERS_AT_MOST = 60_000;
const PAGE = 100;

const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_SERVER_URL, GITHUB_RUN_ID, TOKEN, PULL_REQUEST, REPORT, IS_NEWS } =
  process.env;
const repository = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}`;

/**
 * Asks GitHub; throws where it refuses.
 * @param {string} method @param {string} url @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function ask(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { accept: "application/vnd.github+json", authorization: `Bearer ${TOKEN}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${response.statusText}`);
  return response.status === 204 ? null : response.json();
}

/** Gives the address of the comment that an earlier run has left; null if there is none. */
async function findComment() {
  for (let page = 1; ; page++) {
    const comments = await ask("GET", `${repository}/issues/${PULL_REQUEST}/comments?per_page=${PAGE}&page=${page}`);
    const found = comments.find((/** @type {{ body?: string }} */ { body }) => body?.startsWith(MARK));
    if (found) return found.url;
    if (comments.length < PAGE) return null;
  }
}

/** Gives the report as a comment; one that is too long says where all of it is. */
function makeBody() {
  const report = readFileSync(REPORT ?? "", "utf8");
  const whole = `${MARK}\n${report}`;
  if (whole.length <= CHARACTERS_AT_MOST) return whole;
  const [head = ""] = report.split("\n");
  const run = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  return `${MARK}\n${head}\n\nThe report is too long for a comment; it is in the [summary of the run](${run}).\n`;
}

try {
  const there = await findComment();
  if (IS_NEWS === "yes" && there !== null) await ask("PATCH", there, { body: makeBody() });
  else if (IS_NEWS === "yes") await ask("POST", `${repository}/issues/${PULL_REQUEST}/comments`, { body: makeBody() });
  else if (there !== null) await ask("DELETE", there);
} catch (error) {
  // A pull request from a fork has a token that may only read. The verdict does not depend on the comment.
  const why = error instanceof Error ? error.message : String(error);
  console.log(
    `::warning title=landfall::The comment could not be written (${why}); the report is in the step's summary.`,
  );
}
