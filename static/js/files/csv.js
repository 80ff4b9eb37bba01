// @ts-check
// Finds out the delimiter of a text, and writes delimited text (RFC 4180). records.js reads it.

import { parseDelimited } from "./records.js";

/** Comma first: of two that fit, it wins. */
export const DELIMITERS = [",", ";", "\t", "|"];

const SAMPLE_CHARS = 64_000;
const SAMPLE_RECORDS = 50;

/**
 * The delimiter that cuts most rows into the same number of cells, more than one; a comma when none does.
 * @param {string} text
 */
export function guessDelimiter(text) {
  const hint = text.match(/^sep=(.)[\r\n]/i);
  if (hint && DELIMITERS.includes(hint[1])) return hint[1];
  const sample = text.slice(0, SAMPLE_CHARS);
  const ranked = DELIMITERS.map((delimiter) => {
    const widths = parseDelimited(sample, delimiter, SAMPLE_RECORDS).map((cells) => cells.length);
    return {
      delimiter,
      share: shareOfCommonest(
        widths.filter((width) => width > 1),
        widths.length,
      ),
    };
  });
  return ranked.reduce((best, next) => (next.share > best.share + 0.01 ? next : best)).delimiter;
}

/** @param {number[]} values @param {number} of */
function shareOfCommonest(values, of) {
  const times = new Map();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  return of ? Math.max(0, ...times.values()) / of : 0;
}

/** One text a line; blank lines are left out. @param {string} text */
export function parseLines(text) {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.filter((line) => line.trim()).map((line) => [line]);
}

// Where a spreadsheet may begin a formula (CWE-1236), in full-width forms and in lines inside a cell, too; numbers stay.
const SUSPECT = /(^|(?<=[\r\n]))(?=[=+\-@\t\r＝＋－＠])/g;
const NUMBER = /^[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s?%?$/;

/** A cell that no spreadsheet takes for a formula. @param {string} cell */
export const neutralised = (cell) => (NUMBER.test(cell) ? cell : cell.replaceAll(SUSPECT, "'"));

/**
 * Rows as CSV that spreadsheets open as text: with the mark they know UTF-8 by, and no cell that is a formula. Returns
 * `{text, changed}`: the file, and how many cells got an apostrophe.
 * @param {unknown[][]} rows
 */
export function toCsv(rows) {
  let changed = 0;
  /** @param {unknown} value */
  const written = (value) => {
    const cell = String(value ?? "");
    const safe = neutralised(cell);
    changed += safe === cell ? 0 : 1;
    return quoted(safe);
  };
  const lines = rows.map((row) => row.map(written).join(","));
  return { text: `\uFEFF${lines.join("\r\n")}\r\n`, changed };
}

/** @param {string} cell */
const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
