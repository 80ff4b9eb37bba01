// @ts-check
// Types that several modules share, for the checker and for readers; no page loads this file. The API's own
// description is docs/openapi.json.

/** @typedef {"NEGATIVE" | "NEUTRAL" | "POSITIVE"} Label */
/** @typedef {"empty_text" | "foreign_text" | "unfamiliar_text" | "low_confidence"} Reason */
/** @typedef {Record<Label, number>} Probabilities */

/**
 * One prediction, as the API gives it with `detail=true`.
 * @typedef {object} Prediction
 * @property {Label} prediction
 * @property {number} confidence
 * @property {boolean} uncertain
 * @property {Probabilities} probabilities
 * @property {{ name: string, version: number | string | null }} model
 */

/**
 * A word of a text that decided, by its place in code points.
 * @typedef {{ start: number, end: number, toward: Label, level: number }} Word
 */
/** A deciding word, listed once. @typedef {{ text: string, toward: Label, times: number, share: number }} ListedWord */

/**
 * A prediction with its reasons.
 * @typedef {object} Explanation
 * @property {Label} prediction
 * @property {number} confidence
 * @property {boolean} uncertain
 * @property {Probabilities} probabilities
 * @property {Reason | null} reason
 * @property {string} prediction_id
 * @property {{ name: string, version: number | string | null, kind: string }} model
 * @property {Word[]} words
 * @property {ListedWord[]} strongest_words
 * @property {number} domain_share
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
 * @template T
 * @typedef {{ answer: T, problem?: undefined, status?: undefined } | Failure} Reply
 */

/**
 * @typedef {object} Failure
 * @property {undefined} [answer]
 * @property {string} problem
 * @property {number} status
 * @property {string} code
 * @property {number | null} [retryAfter]
 */

/** Scores of a model on one set of texts, by name. @typedef {Record<string, number | undefined>} Scores */
/** Scores by set. @typedef {Record<string, Scores>} ScoreTable */

/** A version by name and number. @typedef {{ model_name: string, model_version: number | string }} VersionName */

/**
 * @typedef {object} Training
 * @property {string | null} family
 * @property {string[]} sources
 * @property {number | null} rows
 * @property {string | null} git_commit
 * @property {string | null} run_id
 */

/**
 * A version that is loaded on this server.
 * @typedef {object} Model
 * @property {string} model_id
 * @property {string} model_name
 * @property {number | string} model_version
 * @property {boolean} is_active
 * @property {string | null} kind
 * @property {string} digest
 * @property {number | null} size_bytes
 * @property {string | null} created
 * @property {string} loaded_at
 * @property {Scores} scores
 * @property {Training} training
 * @property {string | null} problem
 */

/**
 * What the card says beyond the version itself.
 * @typedef {object} CardParts
 * @property {ScoreTable} slices
 * @property {ScoreTable} sources
 * @property {Record<string, number>} behaviour
 * @property {Record<string, number>} watched_behaviour
 * @property {ScoreTable} everyday
 * @property {ScoreTable} lengths
 * @property {ScoreTable} other_kinds
 * @property {Scores} speed
 * @property {string | null} needs
 * @property {string | null} not_trained_on
 * @property {{ source: string, licence: string, terms: string }[]} licences
 * @property {string | null} licence_warning
 * @property {boolean} other_word_lists
 * @property {{ max_text_chars: number }} limits
 * @property {Manifest | null} manifest
 */
/** @typedef {Model & CardParts} Card */

/**
 * The parts of an artifact's manifest that a card shows.
 * @typedef {object} Manifest
 * @property {Label[]} labels
 * @property {{ recipe: { name: string }, word_ngrams: Range | null, char_ngrams: Range | null, lexicon: boolean, opinions?: boolean }} features
 * @property {{ method: string, length: { pivot: number } | null }} calibration
 * @property {{ min_confidence: number, min_known_share: number, min_words: number, unfamiliar_confidence?: number }} uncertainty
 * @property {{ family: string, params: Record<string, unknown>, sources: string[], rows: number }} training
 * @property {{ data_hash: string | null, code_version: string | null }} lineage
 * @property {string[]} [general]
 */
/** Lowest and highest n. @typedef {[number, number]} Range */

/**
 * The record that a version became active.
 * @typedef {object} Deployment
 * @property {number} number
 * @property {string} at
 * @property {string} by
 * @property {string} why
 * @property {"activation" | "rollback" | "champion"} cause
 * @property {string} model_id
 * @property {string} model_name
 * @property {number} model_version
 * @property {string} digest
 * @property {string | null} previous
 * @property {number | null} restores
 */

/**
 * @typedef {object} Status
 * @property {Model | null} active
 * @property {Deployment | null} deployment
 * @property {boolean} following
 * @property {boolean} from_folder
 * @property {string[]} problems
 * @property {string | null} registry_problem
 * @property {string | null} database_problem
 */

/**
 * The fetch of a version from the registry.
 * @typedef {object} Fetch
 * @property {string} fetch_id
 * @property {string} model_name
 * @property {number} model_version
 * @property {boolean} set_default
 * @property {"waiting" | "downloading" | "verifying" | "activating" | "done" | "failed" | "refused"} state
 * @property {number} bytes_done
 * @property {number | null} bytes_total
 * @property {string} started_at
 * @property {string | null} ended_at
 * @property {string} by
 * @property {string | null} problem
 */

/**
 * A version of the registry.
 * @typedef {object} Registered
 * @property {string} model_name
 * @property {number} model_version
 * @property {string | null} kind
 * @property {string} created
 * @property {string[]} aliases
 * @property {Scores} scores
 * @property {boolean} servable
 * @property {string | null} why_not_servable
 * @property {boolean} is_loaded
 * @property {boolean} is_active
 */

/**
 * An API key, without its secret.
 * @typedef {object} Key
 * @property {number} id
 * @property {string} prefix
 * @property {string} name
 * @property {("predict" | "admin")[]} scopes
 * @property {string} created_at
 * @property {string} created_by
 * @property {string | null} last_used_at
 * @property {string | null} revoked_at
 */

export {};
