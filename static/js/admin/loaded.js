// @ts-check
// The loaded versions side by side, and what can be done with each.

import { button, byId, copyOf, find, slot } from "../dom.js";
import { count, dateOf, size } from "../numbers.js";
import { decide } from "./decision.js";
import { ask, cardAddress, fill, nameOf, tag } from "./page.js";
import { fillScore } from "./scores.js";
import { settle } from "./status.js";

/** @import { Model } from "../types.js" */
/**
 * @typedef {object} Acts
 * @property {() => Promise<void>} refresh
 * @property {(model: Model, active: Model | undefined) => void} tryOut
 * @property {boolean} canActivate
 */

const section = byId("loaded");

/**
 * `expected` is the number of the last deployment, so that two admins do not overrule each other unawares.
 * @param {Model[]} models
 * @param {number} expected
 * @param {Acts} acts
 */
export function showLoaded(models, expected, acts) {
  const active = models.find((model) => model.is_active);
  section.hidden = false;
  slot("none", section).hidden = models.length > 0;
  find("table", section).hidden = models.length === 0;
  slot("rows", section).replaceChildren(...models.map((model) => row(model, active, expected, acts)));
}

/** @param {Model} model @param {Model | undefined} active @param {number} expected @param {Acts} acts */
function row(model, active, expected, { refresh, tryOut, canActivate }) {
  const line = fill(copyOf("version-row"), {
    name: nameOf(model),
    kind: model.kind ?? "",
    trained: trainedWords(model),
    size: model.size_bytes ? size(model.size_bytes) : "–",
  });
  slot("name", line, HTMLAnchorElement).href = cardAddress(model.model_id);
  if (model.is_active) slot("tags", line).append(tag("Active", "active"));
  showProblem(line, model.problem);
  for (const name of ["macro_f1", "accuracy", "ece"]) {
    fillScore(slot(name, line), name, model.scores ?? {}, model.is_active ? null : (active?.scores ?? null));
  }
  wire(line, "try", !model.is_active && !model.problem, model, () => tryOut(model, active));
  const isOffered = canActivate && !model.is_active && !model.problem;
  wire(line, "activate", isOffered, model, () => askToActivate(model, active, expected, refresh));
  wire(line, "delete", !model.is_active, model, () => askToDelete(model, refresh));
  line.toggleAttribute("data-active", model.is_active);
  return line;
}

/** @param {HTMLElement} line @param {string} name @param {boolean} isOffered @param {Model} model @param {() => void} act */
function wire(line, name, isOffered, model, act) {
  const wired = button(name, line);
  if (!isOffered) {
    wired.remove();
    return;
  }
  wired.setAttribute("aria-label", `${wired.textContent} ${nameOf(model)}`);
  wired.onclick = act;
}

/** Why a version cannot be used, under its name. @param {HTMLElement} line @param {string | null} words */
export function showProblem(line, words) {
  const place = slot("problem", line);
  place.hidden = !words;
  place.textContent = (words ?? "").replaceAll("`", "");
}

/** @param {Model} model */
function trainedWords({ training, created }) {
  const parts = [];
  if (training?.family) parts.push(training.family.replaceAll("_", " "));
  if (training?.rows) parts.push(`${count(training.rows)} texts`);
  if (training?.sources?.length) parts.push(training.sources.map((name) => name.replaceAll("_", " ")).join(", "));
  if (created) parts.push(`registered ${dateOf(created)}`);
  return parts.join(" · ");
}

/** @param {Model} model @param {Model | undefined} active @param {number} expected @param {() => Promise<void>} refresh */
function askToActivate(model, active, expected, refresh) {
  decide({
    title: `Let ${nameOf(model)} answer?`,
    words: active
      ? `It answers at once, in every process, in place of ${nameOf(active)}, which stays loaded.`
      : "It answers at once, in every process.",
    confirmWords: "Activate",
    act: ({ why }) =>
      ask(`/api/v1/models/${encodeURIComponent(model.model_id)}/activate`, { method: "POST", body: { why, expected } }),
    settled: (reply) => settle(reply, () => `${nameOf(model)} answers now.`, refresh),
  });
}

/** @param {Model} model @param {() => Promise<void>} refresh */
function askToDelete(model, refresh) {
  decide({
    title: `Delete ${nameOf(model)} from this server?`,
    words: "Only the loaded copy goes. The registry keeps the version, and it can be fetched again.",
    confirmWords: "Delete",
    why: false,
    danger: true,
    act: () => ask(`/api/v1/models/${encodeURIComponent(model.model_id)}`, { method: "DELETE" }),
    settled: (reply) => settle(reply, () => `${nameOf(model)} is no longer loaded.`, refresh),
  });
}
