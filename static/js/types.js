// @ts-check
// Types that several modules share, for the checker and for readers; no page loads this file. The API's own
// description is docs/openapi.json.

/** @typedef {"NEGATIVE" | "NEUTRAL" | "POSITIVE"} Label */

/**
 * One prediction, as the API gives it with `detail=true`.
 * @typedef {object} Prediction
 * @property {Label} prediction
 * @property {number} confidence
 * @property {boolean} uncertain
 * @property {Record<Label, number>} probabilities
 * @property {{ name: string, version: number | null }} model
 */

/**
 * A row of a file: its cells with a text, or with the reason why there is none; later with a prediction.
 * @typedef {object} Row
 * @property {string[]} cells
 * @property {string} [text]
 * @property {string} [error]
 * @property {Prediction} [answer]
 */

/**
 * An answer of the API, or the words for what went wrong; status 0 means that none came.
 * @typedef {object} Reply
 * @property {any} [answer]
 * @property {string} [problem]
 * @property {number} [status]
 * @property {string} [code]
 * @property {number | null} [retryAfter]
 */

/** Scores of a model on one set of texts, by name. @typedef {Record<string, number | undefined>} Scores */

export {};
