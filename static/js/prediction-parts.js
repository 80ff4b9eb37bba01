// @ts-check
// The pieces that every prediction is shown with; their markup is in includes/macros.html.

import { copyOf, find, setBar, slot } from "./dom.js";
import { percent } from "./numbers.js";

/** @import { ListedWord, Probabilities } from "./types.js" */

/** Sets the bars within an element to the probabilities. @param {HTMLElement} element @param {Probabilities} probabilities */
export function fillBars(element, probabilities) {
  for (const [label, share] of Object.entries(probabilities)) {
    const bar = find(`[data-bar="${label}"]`, element);
    setBar(bar, share);
    slot("share", bar).textContent = percent(share);
  }
}

/** One deciding word with its weight as a bar. @param {ListedWord} word */
export function listedWord(word) {
  const item = copyOf("listed-word");
  item.dataset.toward = word.toward;
  slot("word", item).textContent = word.text;
  slot("times", item).textContent = ` × ${word.times}`;
  slot("times", item).hidden = word.times === 1;
  slot("toward", item).textContent = word.toward.toLowerCase();
  setBar(item, word.share);
  return item;
}
