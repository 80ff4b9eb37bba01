// @ts-check
// Finds the elements of our own templates. One that is missing, or of another kind, is an error at once.

/**
 * The first element within another that a selector matches.
 * @template {Element} [T=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} within
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function find(selector, within, kind) {
  const found = within.querySelector(selector);
  const wanted = kind ?? HTMLElement;
  if (found instanceof wanted) return /** @type {T} */ (/** @type {unknown} */ (found));
  throw new TypeError(`There is no ${wanted.name} at ${selector}.`);
}

/**
 * The element of an id.
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind]
 */
export const byId = (id, kind) => find(`#${id}`, document, kind);

/**
 * The place in an element that a template has named with `data-slot`.
 * @template {Element} [T=HTMLElement]
 * @param {string} name
 * @param {ParentNode} within
 * @param {new () => T} [kind]
 */
export const slot = (name, within, kind) => find(`[data-slot="${name}"]`, within, kind);

/** A slot that is a button. @param {string} name @param {ParentNode} within */
export const button = (name, within) => slot(name, within, HTMLButtonElement);

/** A field of a form that is an input. @param {HTMLFormElement} form @param {string} name */
export const field = (form, name) => find(`[name="${name}"]`, form, HTMLInputElement);

/** One with several lines. @param {HTMLFormElement} form @param {string} name */
export const textArea = (form, name) => find(`[name="${name}"]`, form, HTMLTextAreaElement);

/** One with choices. @param {HTMLFormElement} form @param {string} name */
export const select = (form, name) => find(`[name="${name}"]`, form, HTMLSelectElement);

/** A copy of a template's element. @param {string} id */
export function copyOf(id) {
  const content = document.importNode(byId(id, HTMLTemplateElement).content, true);
  return find("*", content);
}

/**
 * Sets the width of a bar. @param {ParentNode} bar @param {number} share @param {number} [digits]
 */
export function setBar(bar, share, digits = 2) {
  find(".fill", bar, SVGElement).setAttribute("width", (share * 100).toFixed(digits));
}

/** A list item of these words. @param {string} words */
export function listItem(words) {
  const item = document.createElement("li");
  item.textContent = words;
  return item;
}
