// @ts-check
// Scores as tables and cards show them.

/** @import { Scores } from "../types.js" */

const SHARES = new Set(["macro_f1", "accuracy"]);

/** 0.75637 → "0.756"; a dash where there is none. @param {unknown} value */
export const score = (value) => (typeof value === "number" ? value.toFixed(3) : "–");

/**
 * Fills a cell with a score and how far it is from the active version's.
 * @param {HTMLElement} cell
 * @param {string} name
 * @param {Scores} scores
 * @param {Scores | null} activeScores
 */
export function fillScore(cell, name, scores, activeScores) {
  const value = scores[name];
  cell.textContent = score(value);
  const active = activeScores?.[name];
  if (typeof value !== "number" || typeof active !== "number") return;
  const difference = value - active;
  if (Math.abs(difference) < 0.0005) return;
  const isBetter = SHARES.has(name) ? difference > 0 : difference < 0;
  const note = document.createElement("span");
  note.className = "difference";
  note.dataset.better = String(isBetter);
  note.textContent = `${difference > 0 ? "+" : "−"}${Math.abs(difference).toFixed(3)}`;
  note.title = `${isBetter ? "Better" : "Worse"} than the active version`;
  const spoken = document.createElement("span");
  spoken.className = "visually-hidden";
  spoken.textContent = isBetter ? ", better than the active version" : ", worse than the active version";
  note.append(spoken);
  cell.append(" ", note);
}
