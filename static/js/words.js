// @ts-check
// Marks the deciding words in a text. Their places are in code points, which is how Array.from cuts a string;
// JavaScript's own positions would be off by one after each emoji.

/** @import { Label } from "./types.js" */
/** @typedef {{ text: string, toward: Label, weight: number }} Word */

const LISTED = 8;
// What is no longer stays on one line; includes/macros.html says the same.
const SHORT = 16;

/** @param {number} strength */
const levelOf = (strength) => (strength >= 0.66 ? 3 : strength >= 0.33 ? 2 : 1);

/**
 * The text as nodes, with a mark around each deciding word.
 * @param {string} text
 * @param {{ start: number, end: number, toward: Label, strength: number }[]} words
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
    mark.dataset.level = String(levelOf(word.strength));
    mark.toggleAttribute("data-short", word.end - word.start <= SHORT);
    pieces.push(mark);
    position = word.end;
  }
  pieces.push(document.createTextNode(points.slice(position).join("")));
  return pieces;
}

/** Each different word once, with the sum of its weights; the strongest first. @param {Word[]} words */
export function strongestWords(words) {
  const sums = new Map();
  for (const word of words) {
    const key = `${word.toward} ${word.text.toLowerCase()}`;
    const known = sums.get(key);
    if (known) {
      known.weight += word.weight;
      known.times += 1;
    } else {
      sums.set(key, { text: word.text, toward: word.toward, weight: word.weight, times: 1 });
    }
  }
  const ranked = [...sums.values()].sort((a, b) => b.weight - a.weight).slice(0, LISTED);
  return ranked.map((word) => ({ ...word, share: word.weight / ranked[0].weight }));
}
