// @ts-check
// Says how long the text is, in the characters that the limit counts.

import { count, counted } from "./numbers.js";

/** Characters as people and the server count them: a smiley is one, not two. @param {string} text */
export function lengthOf(text) {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** Shows the length of the form's text while it is written. @param {HTMLFormElement} form */
export function countCharacters(form) {
  const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
  const shown = /** @type {HTMLElement} */ (document.getElementById("count"));
  const limit = Number(form.dataset.maxChars);

  function show() {
    const length = lengthOf(field.value);
    shown.textContent =
      length > limit ? `${counted(length - limit, "character")} too many` : `${count(length)} of ${counted(limit, "character")}`;
    shown.toggleAttribute("data-over", length > limit);
  }

  field.addEventListener("input", show);
  show();
}
