// @ts-check
// Asks this app's own API. Whatever goes wrong comes back in words, so that no caller has to guess.

/** @import { Reply } from "./types.js" */

const NO_ANSWER = "The server does not answer. Check the connection and try again.";
const LOGIN_NEEDED = "This needs a login here. Log in under Admin and try again.";
/** @returns {string | undefined} */
const csrfToken = () => /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="csrf-token"]'))?.content;

/**
 * Sends `body` as JSON, or a `file` as it is. Returns `{answer}` or, where it went wrong, `{problem, status, code,
 * retryAfter}`; status 0 means no answer at all.
 * A request that `signal` ends throws AbortError.
 * @template [T=unknown]
 * @param {string} path
 * @param {{ method?: string, body?: unknown, file?: Blob, signal?: AbortSignal }} [options]
 * @returns {Promise<Reply<T>>}
 */
export async function call(path, { method = "GET", body, file, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (file) headers["Content-Type"] = "application/octet-stream";
  const token = method === "GET" ? null : csrfToken();
  if (token) headers["X-CSRF-Token"] = token;
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      signal,
      body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    return { problem: NO_ANSWER, status: 0, code: "no_answer" };
  }
  const content = await response.json().catch(() => null);
  if (response.ok) return { answer: content };
  return {
    problem: response.status === 401 ? LOGIN_NEEDED : wordsOf(content, response.status),
    status: response.status,
    code: content?.code ?? "",
    retryAfter: Number(response.headers.get("Retry-After")) || null,
  };
}

/**
 * The server's own words, without the marks for code, which its own pages set as code.
 * @param {{ detail?: unknown } | null} content
 * @param {number} status
 */
function wordsOf(content, status) {
  return typeof content?.detail === "string" ? content.detail.replaceAll("`", "") : `The server answered ${status}.`;
}

/**
 * A text that JSON can carry: half a surrogate pair becomes the sign for what cannot be shown.
 * @param {string} text
 */
export const wellFormed = (text) => text.toWellFormed?.() ?? text;
