// @ts-check
// Tries a loaded version on a text, beside the one that answers now.

import { wellFormed } from "../api.js";
import { isBlank } from "../blank.js";
import { button, byId, copyOf, find, slot, textArea } from "../dom.js";
import { capitalised, percent } from "../numbers.js";
import { fillBars, listedWord } from "../prediction-parts.js";
import { ask, fill, nameOf } from "./page.js";

/** @import { Explanation, Model, Reply } from "../types.js" */

const WORDS = 5;

const section = byId("trial");
const form = find("form", section, HTMLFormElement);
const go = find("button", form);
const text = textArea(form, "text");
const problem = slot("problem", section);

/** @type {Model[]} */
let pair = [];

/**
 * Opens the panel for a version; `active` is what it is compared with, if a trained version answers.
 * @param {Model} model
 * @param {Model | undefined} active
 */
export function tryOut(model, active) {
  pair = active ? [model, active] : [model];
  slot("name", section).textContent = nameOf(model);
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
  // One after the other: only one version beside the active one is kept in memory.
  /** @type {Reply<Explanation>[]} */
  const replies = [];
  for (const model of models) {
    const path = `/api/v1/models/${encodeURIComponent(model.model_id)}/try`;
    replies.push(await ask(path, { method: "POST", body: { text: asked } }));
  }
  go.removeAttribute("aria-busy");
  if (models !== pair) return;
  const problems = replies.flatMap((reply) => reply.problem ?? []);
  if (problems.length) complain(problems[0]);
  const answers = replies.map((reply) => reply.answer);
  const shown = models.flatMap((model, index) => {
    const answer = answers[index];
    return answer ? [predictionOf(model, answer)] : [];
  });
  slot("trials", section).replaceChildren(...shown);
  slot("agreement", section).textContent = problems.length ? "" : agreementWords(models, answers);
}

/** @param {Model} model @param {Explanation} answer */
function predictionOf(model, answer) {
  const article = fill(copyOf("trial-prediction"), {
    name: model.is_active ? `${nameOf(model)}, answers now` : `${nameOf(model)}, on trial`,
    label: capitalised(answer.prediction),
    sure: percent(answer.confidence) + (answer.uncertain ? ", uncertain" : ""),
  });
  slot("label", article).dataset.label = answer.prediction;
  slot("label", article).toggleAttribute("data-unsure", answer.uncertain);
  fillBars(article, answer.probabilities);
  const words = answer.strongest_words.slice(0, WORDS);
  slot("words", article).replaceChildren(...words.map(listedWord));
  slot("words", article).hidden = words.length === 0;
  return article;
}

/** @param {Model[]} models @param {(Explanation | undefined)[]} answers */
function agreementWords(models, answers) {
  const [ours, theirs] = answers.map((answer) => answer?.prediction);
  if (!ours || !theirs) return "";
  if (ours === theirs) return `Both say ${ours.toLowerCase()}.`;
  return `They differ: ${nameOf(models[0])} says ${ours.toLowerCase()}, ${nameOf(models[1])} says ${theirs.toLowerCase()}.`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  compare();
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
button("close", section).addEventListener("click", closeTrial);
