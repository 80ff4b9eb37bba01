// @ts-check
// Asks before something is done, in a dialog that says what will happen, and why it is done goes into the history.

import { button, byId, field, find, slot } from "../dom.js";

/** @import { Reply } from "../types.js" */
/** What was said in the dialog. @typedef {{ why: string, option: boolean }} Choice */

const dialog = byId("decision", HTMLDialogElement);
const form = find("form", dialog, HTMLFormElement);
const problem = slot("problem", dialog);
const confirm = button("confirm", dialog);
const option = field(form, "option");
const reason = field(form, "why");

/**
 * Does what the dialog asks about; returns the words for what went wrong, or what follows once it is closed.
 * @type {(choice: Choice) => Promise<string | (() => unknown)>}
 */
let carryOut;

/**
 * Opens the dialog. `act({why, option})` returns the API's reply; while it says what is wrong the dialog stays.
 * `settled(reply)` is called once the dialog is closed after an answer, or after a conflict, which asking again in the
 * same dialog could not mend.
 * @template T
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.words
 * @param {string} question.confirmWords
 * @param {(choice: Choice) => Promise<Reply<T>>} question.act
 * @param {(reply: Reply<T>) => unknown} question.settled
 * @param {boolean} [question.why] whether a reason is asked for
 * @param {string | null} [question.optionWords] a choice that is offered
 * @param {boolean} [question.danger]
 */
export function decide({ title, words, confirmWords, act, settled, why = true, optionWords = null, danger = false }) {
  carryOut = async (choice) => {
    const reply = await act(choice);
    return reply.problem !== undefined && reply.status !== 409 ? reply.problem : () => settled(reply);
  };
  find("h2", dialog).textContent = title;
  slot("words", dialog).textContent = words;
  slot("why", dialog).hidden = !why;
  slot("option", dialog).hidden = optionWords === null;
  slot("option-words", dialog).textContent = optionWords ?? "";
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
  slot("why", dialog).hidden = !option.checked;
}

option.addEventListener("change", showWhyForOption);
button("cancel", dialog).addEventListener("click", () => dialog.close());

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const why = reason.value.trim();
  if (!slot("why", dialog).hidden && !why) {
    complain("Say why in a few words: whoever reads the history will be grateful.");
    reason.focus();
    return;
  }
  confirm.disabled = true;
  confirm.setAttribute("aria-busy", "true");
  const outcome = await carryOut({ why, option: option.checked });
  confirm.disabled = false;
  confirm.removeAttribute("aria-busy");
  if (typeof outcome === "string") {
    complain(outcome);
    return;
  }
  dialog.close();
  outcome();
});

/** @param {string} words */
function complain(words) {
  problem.textContent = words;
  problem.hidden = false;
}
