// @ts-check
// What a file holds, as rows with a text or the reason why there is none. The words are those of `opinionlens predict`.

import { isBlank } from "../blank.js";
import { columnNames, guessColumn, guessHeader } from "./columns.js";
import { guessDelimiter, parseLines } from "./csv.js";
import { parseDelimited } from "./records.js";

/** @import { Row } from "../types.js" */

const NO_TEXT = "the text is missing or empty";
const TOO_FEW_COLUMNS = "the row has fewer columns than the header";

/**
 * Whether a file is a table, not one text a line.
 * @param {string} name
 * @param {string} text
 */
export const isTable = (name, text) => !/\.txt$/i.test(name) && text.trim() !== "";

/**
 * How to read a table, as far as one can guess.
 * @param {string} text
 * @param {string} [delimiter]
 */
export function guessTable(text, delimiter = guessDelimiter(text)) {
  const records = parseDelimited(text, delimiter, 200);
  const hasHeader = guessHeader(records);
  const names = columnNames(records, hasHeader);
  return { delimiter, hasHeader, column: guessColumn(names, hasHeader ? records.slice(1) : records) };
}

/**
 * Names and rows of a table.
 * @param {string} text
 * @param {{ delimiter: string, hasHeader: boolean, column: number }} form
 */
export function tableRows(text, { delimiter, hasHeader, column }) {
  const records = parseDelimited(text, delimiter);
  const names = columnNames(records, hasHeader);
  const body = hasHeader ? records.slice(1) : records;
  const chosen = Math.min(column, Math.max(0, names.length - 1));
  const rows = body.map((cells) => ({ cells, ...textOf(cells, chosen, names.length) }));
  return { names, column: chosen, rows, problem: null };
}

/** The same of a file with one text a line. @param {string} text */
export function lineRows(text) {
  const rows = parseLines(text).map((cells) => ({ cells, ...textOf(cells, 0, 1) }));
  return { names: ["text"], column: 0, rows, problem: null };
}

/**
 * @param {string[]} cells
 * @param {number} column
 * @param {number} width
 */
function textOf(cells, column, width) {
  if (cells.length <= column) return { error: cells.length < width ? TOO_FEW_COLUMNS : NO_TEXT };
  return isBlank(cells[column]) ? { error: NO_TEXT } : { text: cells[column] };
}

/**
 * The rows that a download holds: those of the file with the columns that predictions add.
 * @param {string[]} names
 * @param {Row[]} rows
 */
export function predictedRows(names, rows) {
  const added = [
    "prediction",
    "confidence",
    "uncertain",
    "p_negative",
    "p_neutral",
    "p_positive",
    "model_name",
    "model_version",
    "error",
  ];
  const taken = new Set([...names, ...added]);
  const own = names.map((name) => (added.includes(name) ? freeName(name, taken) : name));
  const width = rows.reduce((most, row) => Math.max(most, row.cells.length), own.length);
  /** @param {string[]} cells */
  const fit = (cells) => Array.from({ length: width }, (_, index) => cells[index] ?? "");
  return [[...fit(own), ...added], ...rows.map((row) => [...fit(row.cells), ...answerCells(row)])];
}

/** @param {string} column @param {Set<string>} taken */
function freeName(column, taken) {
  let name = `input_${column}`;
  while (taken.has(name)) name = `input_${name}`;
  taken.add(name);
  return name;
}

/** @param {Row} row */
function answerCells({ answer, error }) {
  if (!answer) return ["", "", "", "", "", "", "", "", error ?? "no prediction was made"];
  const { NEGATIVE, NEUTRAL, POSITIVE } = answer.probabilities;
  const shares = [NEGATIVE, NEUTRAL, POSITIVE].map(places);
  const { name, version } = answer.model;
  return [answer.prediction, places(answer.confidence), answer.uncertain, ...shares, name, version ?? "", ""];
}

/** @param {number} share */
const places = (share) => Number(share.toFixed(6));
