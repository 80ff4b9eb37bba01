// @ts-check
// Marks the deciding words in a text. Their places are in code points, which is how Array.from cuts a string;
// JavaScript's own positions would be off by one after each emoji.

/** @import { Word } from "./types.js" */

/**
 * The text as nodes, with a mark around each deciding word; one of at most `short` characters stays on one line.
 * @param {string} text
 * @param {Word[]} words
 * @param {number} short
 */
export function markWords(text, words, short) {
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
    mark.toggleAttribute("data-short", word.end - word.start <= short);
    pieces.push(mark);
    position = word.end;
  }
  pieces.push(document.createTextNode(points.slice(position).join("")));
  return pieces;
}
