// @ts-check
// What a model card says in sentences.

import { count, percent, size } from "../numbers.js";

/** @import { Card, Manifest, Scores, ScoreTable } from "../types.js" */

/** @type {Record<string, string>} */
const METHODS = {
  none: "Its probabilities are as the model gives them; they were not calibrated.",
  temperature: "Its probabilities are calibrated with one temperature, found on texts that it was not trained on.",
  vector: "Its probabilities are calibrated with a scale and a shift for each class, found on texts that it was not trained on.",
};

/**
 * How far its confidence can be believed. The card is the API's; the manifest is that of the model.
 * @param {Pick<Card, "scores" | "everyday" | "other_kinds">} card
 * @param {Pick<Manifest, "calibration" | "uncertainty">} manifest
 */
export function surenessOf({ scores, everyday, other_kinds }, { calibration, uncertainty }) {
  const points = [METHODS[calibration.method] ?? `Calibrated: ${calibration.method}.`];
  if (typeof scores.ece === "number") {
    points.push(
      `On average its confidence is ${(scores.ece * 100).toFixed(1)} percentage points off the share of right answers.`,
    );
  }
  const elsewhere = Object.values({ everyday: everyday?.all, ...other_kinds }).flatMap((one) =>
    typeof one?.ece === "number" ? [one.ece * 100] : [],
  );
  if (elsewhere.length) {
    const [low, high] = [Math.min(...elsewhere), Math.max(...elsewhere)].map((points) => points.toFixed(1));
    points.push(`On texts of other kinds it is ${low === high ? low : `${low} to ${high}`} percentage points off.`);
  }
  points.push(`Below a confidence of ${percent(uncertainty.min_confidence)} an answer is marked uncertain.`);
  points.push(
    "So is one on a text of which it knows no word, on one in another script, and on one of " +
      `${uncertainty.min_words} words or more of which it knows fewer than ${percent(uncertainty.min_known_share)}.`,
  );
  if (uncertainty.unfamiliar_confidence) {
    points.push(
      `On texts unlike those it was trained on that limit is ${percent(uncertainty.unfamiliar_confidence)}; code is always marked.`,
    );
  }
  if (calibration.length) {
    points.push(`On texts of more than ${count(calibration.length.pivot)} words it is made less certain the longer they are.`);
  }
  return points;
}

/**
 * Under which licences the texts were published that it has learnt from.
 * @param {{ licences?: { source: string, licence: string, terms: string }[] }} card
 */
export function licencesOf({ licences }) {
  const lines = (licences ?? []).map(({ source, licence, terms }) => [
    `Licence of ${source.replaceAll("_", " ")}`,
    `${licence}. ${terms.replaceAll("`", "").replaceAll("_", " ")}`,
  ]);
  return Object.fromEntries(lines);
}

/**
 * What it takes to serve it, as far as that was recorded.
 * @param {{ kind: string | null, needs: string | null, speed: Scores, size_bytes: number | null }} card
 */
export function costOf({ kind, needs, speed, size_bytes }) {
  const points = [];
  if (needs) points.push(`The app needs opinionlens[${needs}] to serve it.`);
  else if (kind) points.push("The app needs nothing more to serve it.");
  if (size_bytes) points.push(`It takes ${size(size_bytes)} on disk.`);
  const { alone_us: alone, together_us: together } = speed;
  if (alone !== undefined && together !== undefined) {
    points.push(
      `Where it was registered, one text alone took ${count(Math.round(alone))} µs of processor time, and one among many ${count(Math.round(together))} µs.`,
    );
  } else points.push("How long a text takes was not recorded with this version.");
  return points;
}

/**
 * Where it should not be relied on.
 * @param {Omit<Card, "manifest">} card
 * @param {Pick<Manifest, "labels" | "training" | "general">} manifest
 */
export function limitsOf(
  {
    licence_warning,
    not_trained_on,
    other_word_lists,
    everyday,
    other_kinds,
    limits,
    slices,
    sources,
    behaviour,
    watched_behaviour,
  },
  { labels, training, general },
) {
  const points = [`A text may have ${count(limits.max_text_chars)} characters; a longer one is a document, not an opinion.`];
  if (labels.length < 3) points.push(`It knows only ${labels.join(" and ").toLowerCase()}.`);
  if (training.sources.length) {
    const names = training.sources.map((name) => name.replaceAll("_", " ")).join(", ");
    points.push(`It has learnt from ${names}. ${(not_trained_on ?? "").replaceAll("_", " ")}`);
    points.push(
      general?.length
        ? "Texts of other kinds are answered by a general word list, which is right less often than the scores here."
        : "On other kinds of texts it may do worse than the scores here.",
    );
    const isMeasured = Object.values(other_kinds ?? {}).some((scores) => scores.n);
    if (!isMeasured)
      points.push(
        "Of texts of other kinds it was measured on the everyday sentences at most: measure it on labelled texts of your own on the page “Evaluate”.",
      );
  }
  if (other_word_lists)
    points.push(
      "It was made with the word lists of another version of OpinionLens, so that its scores here may not hold: train it again.",
    );
  if (licence_warning) points.push(licence_warning.replaceAll("_", " "));
  const weakest = weakestOf({ ...slices, ...sources });
  if (weakest) points.push(`It is weakest on ${weakest.name}: macro F1 ${weakest.score.toFixed(3)}.`);
  for (const [name, rate] of Object.entries({ ...behaviour, ...watched_behaviour })) {
    if (rate < 0.9) points.push(`Of the checks “${name.replaceAll("_", " ")}” it passes ${percent(rate)}.`);
  }
  const bold = everyday?.all?.sure_and_wrong;
  if (bold) points.push(`Of the negated everyday sentences it answers ${count(bold)} wrong with a confidence above 90 %.`);
  points.push("Irony, sarcasm and mixed feelings in one text are often mistaken: the words decide, not their meaning together.");
  return points;
}

/** @param {ScoreTable} sets */
function weakestOf(sets) {
  const ranked = Object.entries(sets)
    .map(([name, { macro_f1: score }]) => ({ name: name.replaceAll("_", " "), score }))
    .filter((set) => typeof set.score === "number")
    .sort((a, b) => Number(a.score) - Number(b.score));
  return ranked.length > 1 ? { name: ranked[0].name, score: Number(ranked[0].score) } : null;
}
