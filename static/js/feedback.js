// @ts-check
// "Is this right?": sends what the reader says, without reloading the page.

import { call, wellFormed } from "./api.js";
import { field, find, slot } from "./dom.js";
import { capitalised } from "./numbers.js";

/** @import { Explanation } from "./types.js" */

const ENDPOINT = "/api/v1/feedback";

/** @param {HTMLElement} section */
export function takeFeedback(section) {
  const form = find("form.feedback", section, HTMLFormElement);
  const choices = find("fieldset", form, HTMLFieldSetElement);
  const thanks = slot("thanks", section);
  const alert = find(".alert", form);
  const [text, id] = [field(form, "text"), field(form, "prediction_id")];
  let subject = { text: text.value, prediction_id: id.value };

  /** A new prediction: nothing has been said about it yet. */
  section.addEventListener("prediction", (event) => {
    /** @type {CustomEvent<{ text: string, answer: Explanation }>} */
    const { detail } = /** @type {CustomEvent} */ (event);
    const { prediction, prediction_id } = detail.answer;
    subject = { text: detail.text, prediction_id };
    text.value = detail.text;
    id.value = prediction_id;
    for (const button of choices.querySelectorAll("button")) {
      if (button.dataset.right !== undefined) button.value = prediction;
      else button.hidden = button.value === prediction;
    }
    form.hidden = false;
    thanks.hidden = true;
    alert.hidden = true;
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const submitter = /** @type {HTMLButtonElement} */ (event.submitter);
    const label = submitter.value;
    const asked = subject;
    choices.disabled = true;
    const body = { ...asked, text: wellFormed(asked.text), label, source: "page" };
    const reply = await call(ENDPOINT, { method: "POST", body });
    choices.disabled = false;
    if (asked !== subject) return; // it was about an earlier prediction
    alert.hidden = !reply.problem;
    alert.textContent = reply.problem ?? "";
    if (reply.problem) {
      submitter.focus();
      return;
    }
    form.hidden = true;
    find("span", thanks).textContent = `Thank you. Noted as ${capitalised(label).toLowerCase()}.`;
    thanks.hidden = false;
    thanks.focus();
  });
}
