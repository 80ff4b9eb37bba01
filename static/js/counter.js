// @ts-check
// Says how long the text is, in the characters that the limit counts.

const number = new Intl.NumberFormat("en");

/** Characters as people and the server count them: a smiley is one, not two. @param {string} text */
export function lengthOf(text) {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** Shows the length of the form's text while it is written. @param {HTMLFormElement} form */
export function countCharacters(form) {
  const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
  const count = /** @type {HTMLElement} */ (document.getElementById("count"));
  const limit = Number(form.dataset.maxChars);

  function show() {
    const length = lengthOf(field.value);
    count.textContent =
      length > limit
        ? `${number.format(length - limit)} characters too many`
        : `${number.format(length)} of ${number.format(limit)} characters`;
    count.toggleAttribute("data-over", length > limit);
  }

  field.addEventListener("input", show);
  show();
}
