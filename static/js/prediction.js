// Fills the prediction's markup, which includes/prediction.html defines, from an answer of /explain.

import { capitalised, percent } from "./numbers.js";
import { fillBars, listedWord } from "./prediction-parts.js";
import { markWords } from "./words.js";

const section = document.getElementById("prediction");
const announcement = document.getElementById("announcement");

const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const slot = (name, within = section) => within.querySelector(`[data-slot="${name}"]`);

export function hidePrediction() {
  section.hidden = true;
}

export function showPrediction(text, answer, milliseconds) {
  section.dataset.label = answer.prediction;
  section.toggleAttribute("data-uncertain", answer.uncertain);
  slot("label").textContent = capitalised(answer.prediction);
  slot("confidence").textContent = percent(answer.confidence);
  fillBars(section, answer.probabilities);
  showReason(answer.reason);
  showWords(text, answer);
  slot("decider").hidden = answer.domain_share >= 0.5;
  showProvenance(answer.model, milliseconds);
  section.dispatchEvent(new CustomEvent("prediction", { detail: { text, answer } }));
  section.hidden = false;
  section.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  document.title = `${capitalised(answer.prediction)} · OpinionLens`;
  announce(answer);
}

function showReason(reason) {
  slot("uncertain").hidden = reason === null;
  for (const words of section.querySelectorAll("[data-reason]")) {
    words.hidden = words.dataset.reason !== reason;
  }
}

function showWords(text, { words, strongest_words: strongest }) {
  slot("reasons").hidden = words.length === 0;
  slot("no-reasons").hidden = words.length > 0;
  slot("text").replaceChildren(...markWords(text, words));
  const template = document.getElementById("listed-word");
  slot("words").replaceChildren(...strongest.map((word) => listedWord(word, template)));
}

function showProvenance(model, milliseconds) {
  slot("model").textContent = model.name;
  slot("version").textContent = `version ${model.version}`;
  slot("version").hidden = model.version === null;
  slot("kind").textContent = model.kind;
  slot("latency").textContent = `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** Tells a screen reader what has changed, in one sentence. */
function announce(answer) {
  const sure = answer.uncertain ? "but uncertain" : `${percent(answer.confidence)} confident`;
  announcement.textContent = `${capitalised(answer.prediction)}, ${sure}.`;
}
