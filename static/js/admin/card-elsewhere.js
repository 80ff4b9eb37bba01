// @ts-check
// The part of a model card on texts of other kinds: one line for each set, and what follows in a sentence.

import { count, percent } from "../numbers.js";
import { score } from "./scores.js";

/** @import { Scores, ScoreTable } from "../types.js" */

/** @param {string} name */
const readable = (name) => name.replaceAll("_", " ");
/** @param {unknown} value @returns {value is number} */
const isNumber = (value) => typeof value === "number";
/** @param {unknown} value */
const share = (value) => (isNumber(value) ? percent(value) : "–");

/**
 * Every set with its scores; the everyday sentences first.
 * @param {{ everyday?: ScoreTable, other_kinds?: ScoreTable }} card
 * @returns {[string, Scores][]}
 */
export function elsewhereOf({ everyday, other_kinds }) {
  const sets = Object.entries(other_kinds ?? {});
  return everyday?.all ? [["everyday sentences", everyday.all], ...sets] : sets;
}

/** Fills the table. @param {HTMLElement} body @param {[string, Scores][]} sets */
export function showElsewhere(body, sets) {
  body.replaceChildren(...sets.map(([name, scores]) => lineOf(name, scores)));
}

/** @param {string} name @param {Scores} scores */
function lineOf(name, scores) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = readable(name);
  line.append(head);
  if (!scores.n) {
    const cell = document.createElement("td");
    cell.colSpan = 7;
    cell.textContent = "not measured: they were not there, or it knows them all";
    line.append(cell);
    return line;
  }
  line.append(
    cellOf(count(scores.n)),
    cellOf(share(scores.accuracy), rangeOf(scores, "accuracy", percent)),
    cellOf(
      score(scores.macro_f1),
      rangeOf(scores, "macro_f1", (value) => value.toFixed(2)),
    ),
    cellOf(score(scores.vader_macro_f1)),
    cellOf(score(scores.ece)),
    cellOf(share(scores.uncertain)),
    cellOf(share(scores.error_when_sure)),
  );
  return line;
}

/** @param {string} words @param {string | null} [range] */
function cellOf(words, range) {
  const cell = document.createElement("td");
  cell.className = "number";
  cell.textContent = words;
  if (range) {
    const limits = document.createElement("span");
    limits.className = "limits";
    limits.textContent = range;
    cell.append(" ", limits);
  }
  return cell;
}

/** @param {Scores} scores @param {string} name @param {(value: number) => string} written */
function rangeOf(scores, name, written) {
  const [low, high] = [scores[`${name}_low`], scores[`${name}_high`]];
  return isNumber(low) && isNumber(high) ? `${written(low)} to ${written(high)}` : null;
}

/** What the table says, in sentences. @param {[string, Scores][]} sets */
export function elsewhereWords(sets) {
  const measured = sets.filter(([, scores]) => scores.n);
  const behind = measured.filter(([, scores]) => isBehind(scores));
  const words = ["Ranges are 95 % intervals."];
  if (behind.length) words.push(`On ${behind.map(([name]) => readable(name)).join(", ")} VADER's word list does better.`);
  return words.join(" ");
}

/** @param {Scores} scores */
function isBehind({ macro_f1, vader_macro_f1 }) {
  return isNumber(macro_f1) && isNumber(vader_macro_f1) && macro_f1 < vader_macro_f1;
}
