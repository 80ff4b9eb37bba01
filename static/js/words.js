// @ts-check
// Marks the deciding words in a text. Their places are in code points, which is how Array.from cuts a string;
// JavaScript's own positions would be off by one after each emoji.

/** @import { Label } from "./types.js" */

// What is no longer stays on one line; includes/macros.html says the same.
const SHORT = 16;

/**
 * The text as nodes, with a mark around each deciding word.
 * @param {string} text
 * @param {{ start: number, end: number, toward: Label, level: number }[]} words
 */
export function markWords(text, words) {
  const points = Array.from(text);
  /** @type {(Text | HTMLElement)[]} */
  const pieces = [];
  let position = 0;
  for (const word of words) {
    if (word.start < position) continue;
    pieces.push(document.createTextNode(points.slice(position, word.start).join("")));
    const mark = document.createElement("mark");
    mark.textContent = points.slice(word.start, word.end).join("");
    mark.dataset.toward = word.toward;
    mark.dataset.level = String(word.level);
    mark.toggleAttribute("data-short", word.end - word.start <= SHORT);
    pieces.push(mark);
    position = word.end;
  }
  pieces.push(document.createTextNode(points.slice(position).join("")));
  return pieces;
}
