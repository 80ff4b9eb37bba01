// @ts-check
// Sends many texts in portions that the server takes, and brings back a prediction or a reason for each.

import { call, wellFormed } from "../api.js";

/** @import { Prediction, Reply } from "../types.js" */
/** @typedef {{ maxItems: number, maxBytes: number }} Limits */
/** What the server makes of a text; `model` is that of the portion. */
/** @typedef {Partial<Prediction> & { error?: { detail: string } }} Result */
/** @typedef {{ model: Prediction["model"], results: Result[] }} Batch */
/** @typedef {{ results: Result[], model: Prediction["model"] | null, problem: string | null, cancelled: boolean }} Outcome */

const ENDPOINT = "/api/v1/inference/batch_predict?detail=true";
// Small enough that the progress moves and a cancel is quick.
const MOST_AT_ONCE = 100;
const TRIES = 6;

const encoder = new TextEncoder();

/**
 * Cuts the texts into portions, none with more items or bytes than the server takes.
 * @param {string[]} texts
 * @param {Limits} limits
 */
export function portions(texts, { maxItems, maxBytes }) {
  const most = Math.min(maxItems, MOST_AT_ONCE);
  const found = [];
  /** @type {string[]} */
  let portion = [];
  let bytes = 2;
  for (const text of texts) {
    const more = encoder.encode(JSON.stringify(text)).length + 1;
    if (portion.length && (portion.length === most || bytes + more > maxBytes)) {
      found.push(portion);
      portion = [];
      bytes = 2;
    }
    portion.push(text);
    bytes += more;
  }
  if (portion.length) found.push(portion);
  return found;
}

/**
 * Predicts the texts in order. Returns `{results, model, problem}`: fewer results than texts where it was cancelled or
 * went wrong. Each result is as the server has it: with `prediction` or with `error`.
 * @param {string[]} texts
 * @param {Limits} limits
 * @param {{ signal: AbortSignal, onProgress: (done: number) => void }} options
 * @returns {Promise<Outcome>}
 */
export async function predictAll(texts, limits, { signal, onProgress }) {
  /** @type {Result[]} */
  const results = [];
  /** @type {Prediction["model"] | null} */
  let model = null;
  for (const portion of portions(texts.map(wellFormed), limits)) {
    let reply;
    try {
      reply = await patientCall(portion, signal);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
      return { results, model, problem: null, cancelled: true };
    }
    if (reply.problem !== undefined) return { results, model, problem: reply.problem, cancelled: false };
    model = reply.answer.model;
    for (const result of reply.answer.results) results.push({ ...result, model: reply.answer.model });
    onProgress(results.length);
  }
  return { results, model, problem: null, cancelled: false };
}

/**
 * Asks again where the server is busy and says when to come back.
 * @param {string[]} portion
 * @param {AbortSignal} signal
 * @returns {Promise<Reply<Batch>>}
 */
async function patientCall(portion, signal) {
  for (let turn = 1; ; turn += 1) {
    /** @type {Reply<Batch>} */
    const reply = await call(ENDPOINT, { method: "POST", body: portion, signal });
    const wait = reply.status === 503 || reply.status === 429 ? reply.retryAfter : null;
    if (!wait || turn === TRIES) return reply;
    await pause(Math.min(wait, 10) * 1_000, signal);
  }
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("cancelled", "AbortError"));
    });
  });
}
