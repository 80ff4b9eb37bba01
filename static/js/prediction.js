// @ts-check
// Fills the prediction's markup, which includes/prediction.html defines, from an answer of /explain.

import { byId, slot } from "./dom.js";
import { capitalised, percent } from "./numbers.js";
import { fillBars, listedWord } from "./prediction-parts.js";
import { markWords } from "./words.js";

/** @import { Explanation, Reason } from "./types.js" */

const section = byId("prediction");
const announcement = byId("announcement");

const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
/** @param {string} name */
const part = (name) => slot(name, section);

export function hidePrediction() {
  section.hidden = true;
}

/** @param {string} text @param {Explanation} answer @param {number} milliseconds */
export function showPrediction(text, answer, milliseconds) {
  section.dataset.label = answer.prediction;
  section.toggleAttribute("data-uncertain", answer.uncertain);
  part("label").textContent = capitalised(answer.prediction);
  part("confidence").textContent = percent(answer.confidence);
  fillBars(section, answer.probabilities);
  showReason(answer.reason);
  showWords(text, answer);
  part("decider").hidden = answer.domain_share >= 0.5;
  showProvenance(answer.model, milliseconds);
  section.dispatchEvent(new CustomEvent("prediction", { detail: { text, answer } }));
  section.hidden = false;
  section.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  document.title = `${capitalised(answer.prediction)} · OpinionLens`;
  announce(answer);
}

/** @param {Reason | null} reason */
function showReason(reason) {
  part("uncertain").hidden = reason === null;
  for (const words of /** @type {NodeListOf<HTMLElement>} */ (section.querySelectorAll("[data-reason]"))) {
    words.hidden = words.dataset.reason !== reason;
  }
}

/** @param {string} text @param {Explanation} answer */
function showWords(text, { words, strongest_words: strongest }) {
  part("reasons").hidden = words.length === 0;
  part("no-reasons").hidden = words.length > 0;
  const place = part("text");
  place.replaceChildren(...markWords(text, words, Number(place.dataset.shortMark)));
  part("words").replaceChildren(...strongest.map(listedWord));
}

/** @param {Explanation["model"]} model @param {number} milliseconds */
function showProvenance(model, milliseconds) {
  part("model").textContent = model.name;
  part("version").textContent = `version ${model.version}`;
  part("version").hidden = model.version === null;
  part("kind").textContent = model.kind;
  part("latency").textContent = `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** Tells a screen reader what has changed, in one sentence. @param {Explanation} answer */
function announce(answer) {
  const sure = answer.uncertain ? "but uncertain" : `${percent(answer.confidence)} confident`;
  announcement.textContent = `${capitalised(answer.prediction)}, ${sure}.`;
}
