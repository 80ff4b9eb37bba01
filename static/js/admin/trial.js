// Tries a loaded version on a text, beside the one that answers now.

import { wellFormed } from "../api.js";
import { isBlank } from "../blank.js";
import { capitalised, percent } from "../numbers.js";
import { fillBars, listedWord } from "../prediction-parts.js";
import { ask, copyOf, fill, nameOf, slot } from "./page.js";

const WORDS = 5;

const section = document.getElementById("trial");
const form = section.querySelector("form");
const button = form.querySelector("button");
const problem = slot("problem", section);

let pair = null;

/** Opens the panel for a version; `active` is what it is compared with, if a trained version answers. */
export function tryOut(model, active) {
  pair = [model, active].filter(Boolean);
  slot("name", section).textContent = nameOf(model);
  clear();
  section.hidden = false;
  section.scrollIntoView({ block: "nearest" });
  form.elements.text.focus();
}

export function closeTrial() {
  section.hidden = true;
}

function clear() {
  problem.hidden = true;
  slot("agreement", section).textContent = "";
  slot("trials", section).replaceChildren();
}

function complain(words) {
  problem.textContent = words;
  problem.hidden = false;
}

async function compare() {
  const text = wellFormed(form.elements.text.value);
  clear();
  if (isBlank(text)) {
    complain("Type or paste a text first.");
    form.elements.text.focus();
    return;
  }
  const asked = pair;
  button.setAttribute("aria-busy", "true");
  // One after the other: only one version beside the active one is kept in memory.
  const replies = [];
  for (const model of asked) {
    const path = `/api/v1/models/${encodeURIComponent(model.model_id)}/try`;
    replies.push(await ask(path, { method: "POST", body: { text } }));
  }
  button.removeAttribute("aria-busy");
  if (asked !== pair) return;
  const failed = replies.find((reply) => reply.problem);
  if (failed) complain(failed.problem);
  const shown = asked.flatMap((model, index) => (replies[index].answer ? [predictionOf(model, replies[index].answer)] : []));
  slot("trials", section).replaceChildren(...shown);
  slot("agreement", section).textContent = failed
    ? ""
    : agreementWords(
        asked,
        replies.map((reply) => reply.answer),
      );
}

function predictionOf(model, answer) {
  const article = fill(copyOf("trial-prediction"), {
    name: model.is_active ? `${nameOf(model)}, answers now` : `${nameOf(model)}, on trial`,
    label: capitalised(answer.prediction),
    sure: percent(answer.confidence) + (answer.uncertain ? ", uncertain" : ""),
  });
  slot("label", article).dataset.label = answer.prediction;
  slot("label", article).toggleAttribute("data-unsure", answer.uncertain);
  fillBars(article, answer.probabilities);
  const template = document.getElementById("listed-word");
  const words = answer.strongest_words.slice(0, WORDS);
  slot("words", article).replaceChildren(...words.map((word) => listedWord(word, template)));
  slot("words", article).hidden = words.length === 0;
  return article;
}

function agreementWords(models, answers) {
  if (answers.length < 2) return "";
  const [ours, theirs] = answers.map((answer) => answer.prediction);
  if (ours === theirs) return `Both say ${ours.toLowerCase()}.`;
  return `They differ: ${nameOf(models[0])} says ${ours.toLowerCase()}, ${nameOf(models[1])} says ${theirs.toLowerCase()}.`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  compare();
});
form.elements.text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
slot("close", section).addEventListener("click", closeTrial);
