// @ts-check
// Predicts the text without reloading the page. Without this module the form does the same by itself.

import { call, wellFormed } from "./api.js";
import { isBlank } from "./blank.js";
import { byId, field as inputOf, textArea } from "./dom.js";
import { hidePrediction, showPrediction } from "./prediction.js";

/** @import { Explanation, Reply } from "./types.js" */

const ENDPOINT = "/api/v1/inference/explain";

/** Returns a function that puts another text into the form and predicts it. @param {HTMLFormElement} form */
export function evaluateInPlace(form) {
  const field = textArea(form, "text");
  const button = byId("evaluate");
  const alert = byId("alert");
  let turn = 0;

  /** @param {string} message */
  function complain(message) {
    hidePrediction();
    alert.textContent = message;
    alert.hidden = false;
  }

  async function evaluate() {
    const mine = ++turn;
    const text = field.value;
    if (isBlank(text)) {
      complain("Type or paste a text first.");
      field.focus();
      return;
    }
    alert.hidden = true;
    button.setAttribute("aria-busy", "true");
    const started = performance.now();
    /** @type {Reply<Explanation>} */
    const result = await call(ENDPOINT, { method: "POST", body: { text: wellFormed(text) } });
    if (mine !== turn) return; // a newer question has been asked meanwhile
    button.removeAttribute("aria-busy");
    if (result.problem !== undefined) complain(result.problem);
    else showPrediction(text, result.answer, performance.now() - started);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    evaluate();
  });
  // Our own message instead of the browser's bubble, so that both ways of asking say the same.
  form.noValidate = true;

  /** @param {string} text */
  function predict(text) {
    field.value = text;
    field.dispatchEvent(new Event("input"));
    return evaluate();
  }

  for (const example of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form.example"))) {
    example.addEventListener("submit", (event) => {
      event.preventDefault();
      predict(inputOf(example, "text").value);
    });
  }
  return predict;
}
