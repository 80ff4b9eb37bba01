// @ts-check
// Tries a loaded version on texts, beside what answers now.

import { wellFormed } from "../api.js";
import { isBlank } from "../blank.js";
import { button, byId, find, slot, textArea } from "../dom.js";
import { ask, nameOf } from "./page.js";

/** @import { Model, Reply } from "../types.js" */

// Words of the app for what it answers with where no trained version is active, and for what is.
const WORD_LIST = "lexicon";

const section = byId("trial");
const form = find("form", section, HTMLFormElement);
const go = find("button", form);
const text = textArea(form, "text");
const problem = slot("problem", section);

/** @type {[string, string] | null} */
let pair = null;

/**
 * Opens the panel for a version; `active` is what it is compared with, if a trained version answers.
 * @param {Model} model
 * @param {Model | undefined} active
 */
export function tryOut(model, active) {
  pair = [model.model_id, active?.model_id ?? WORD_LIST];
  slot("name", section).textContent = nameOf(model);
  slot("beside", section).textContent = active ? `${nameOf(active)}, which answers now` : "the built-in word list";
  clear();
  section.hidden = false;
  section.scrollIntoView({ block: "nearest" });
  text.focus();
}

export function closeTrial() {
  section.hidden = true;
}

function clear() {
  problem.hidden = true;
  slot("agreement", section).textContent = "";
  slot("trials", section).replaceChildren();
}

/** @param {string} words */
function complain(words) {
  problem.textContent = words;
  problem.hidden = false;
}

async function compare() {
  const asked = wellFormed(text.value);
  clear();
  if (isBlank(asked)) {
    complain("Type or paste a text first.");
    text.focus();
    return;
  }
  const models = pair;
  go.setAttribute("aria-busy", "true");
  /** @type {Reply<{ html: string }>} */
  const reply = await ask("/admin/try/report", { method: "POST", body: { text: asked, models } });
  go.removeAttribute("aria-busy");
  if (models !== pair) return;
  if (reply.problem !== undefined) {
    complain(reply.problem);
    return;
  }
  const trials = slot("trials", section);
  // Our own template made it, and it escapes the texts.
  trials.innerHTML = reply.answer.html;
  slot("agreement", section).textContent = find(".agreement", trials).textContent;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  compare();
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
button("close", section).addEventListener("click", closeTrial);
