// Asks before something is done, in a dialog that says what will happen, and why it is done goes into the history.

import { slot } from "./page.js";

const dialog = document.getElementById("decision");
const form = dialog.querySelector("form");
const problem = slot("problem", dialog);
const confirm = slot("confirm", dialog);

let current = null;

/**
 * Opens the dialog. `act({why, option})` returns the API's reply; while it says what is wrong the dialog stays.
 * `settled(reply)` is called once the dialog is closed after an answer, or after a conflict, which asking again in the
 * same dialog could not mend.
 */
export function decide({ title, words, confirmWords, act, settled, why = true, option = null, danger = false }) {
  current = { act, settled, needsWhy: why };
  dialog.querySelector("h2").textContent = title;
  slot("words", dialog).textContent = words;
  slot("why", dialog).hidden = !why;
  slot("option", dialog).hidden = option === null;
  slot("option-words", dialog).textContent = option ?? "";
  confirm.textContent = confirmWords;
  confirm.toggleAttribute("data-danger", danger);
  form.reset();
  problem.hidden = true;
  showWhyForOption();
  dialog.showModal();
}

/** With a choice in the dialog, the reason is only asked for when it is made. */
function showWhyForOption() {
  if (slot("option", dialog).hidden) return;
  slot("why", dialog).hidden = !form.elements.option.checked;
}

form.elements.option.addEventListener("change", showWhyForOption);
slot("cancel", dialog).addEventListener("click", () => dialog.close());

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { act, settled } = current;
  const why = form.elements.why.value.trim();
  if (!slot("why", dialog).hidden && !why) {
    complain("Say why in a few words: whoever reads the history will be grateful.");
    form.elements.why.focus();
    return;
  }
  confirm.disabled = true;
  confirm.setAttribute("aria-busy", "true");
  const reply = await act({ why, option: form.elements.option.checked });
  confirm.disabled = false;
  confirm.removeAttribute("aria-busy");
  if (reply.problem && reply.status !== 409) {
    complain(reply.problem);
    return;
  }
  dialog.close();
  settled(reply);
});

function complain(words) {
  problem.textContent = words;
  problem.hidden = false;
}
