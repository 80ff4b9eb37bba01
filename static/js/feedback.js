// "Is this right?": sends what the reader says, without reloading the page.

import { call, wellFormed } from "./api.js";
import { capitalised } from "./numbers.js";

const ENDPOINT = "/api/v1/feedback";

export function takeFeedback(section) {
  const form = section.querySelector("form.feedback");
  const choices = form.querySelector("fieldset");
  const thanks = section.querySelector('[data-slot="thanks"]');
  const alert = form.querySelector(".alert");
  let subject = { text: form.elements.text.value, prediction_id: form.elements.prediction_id.value };

  /** A new prediction: nothing has been said about it yet. */
  section.addEventListener("prediction", ({ detail: { text, answer } }) => {
    subject = { text, prediction_id: answer.prediction_id };
    form.elements.text.value = text;
    form.elements.prediction_id.value = answer.prediction_id;
    for (const button of form.querySelectorAll("button[data-choice]")) {
      button.hidden = button.value === answer.prediction;
    }
    form.querySelector("button[data-right]").value = answer.prediction;
    form.hidden = false;
    thanks.hidden = true;
    alert.hidden = true;
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const label = event.submitter.value;
    const asked = subject;
    choices.disabled = true;
    const body = { ...asked, text: wellFormed(asked.text), label, source: "page" };
    const reply = await call(ENDPOINT, { method: "POST", body });
    choices.disabled = false;
    if (asked !== subject) return; // it was about an earlier prediction
    alert.hidden = !reply.problem;
    alert.textContent = reply.problem ?? "";
    if (reply.problem) {
      event.submitter.focus();
      return;
    }
    form.hidden = true;
    thanks.querySelector("span").textContent = `Thank you. Noted as ${capitalised(label).toLowerCase()}.`;
    thanks.hidden = false;
    thanks.focus();
  });
}
