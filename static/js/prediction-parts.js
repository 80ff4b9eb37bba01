// The pieces that every prediction is shown with; their markup is in includes/macros.html.

import { percent } from "./numbers.js";

const slot = (name, within) => within.querySelector(`[data-slot="${name}"]`);

/** Sets the bars within an element to the probabilities. */
export function fillBars(element, probabilities) {
  for (const bar of element.querySelectorAll("[data-bar]")) {
    const share = probabilities[bar.dataset.bar];
    bar.querySelector(".fill").setAttribute("width", (share * 100).toFixed(2));
    slot("share", bar).textContent = percent(share);
  }
}

/** One deciding word with its weight as a bar. */
export function listedWord(word, template) {
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.toward = word.toward;
  slot("word", item).textContent = word.text;
  slot("times", item).textContent = ` × ${word.times}`;
  slot("times", item).hidden = word.times === 1;
  slot("toward", item).textContent = word.toward.toLowerCase();
  item.querySelector(".fill").setAttribute("width", (word.share * 100).toFixed(2));
  return item;
}
