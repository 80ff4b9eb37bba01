// @ts-check
// The model card: what one version was made of, how well it does, and where it should not be relied on.

import { button, byId, copyOf, find, listItem, setBar, slot } from "../dom.js";
import { count, counted, percent, timeOf } from "../numbers.js";
import { elsewhereOf, elsewhereWords, showElsewhere } from "./card-elsewhere.js";
import { costOf, licencesOf, limitsOf, surenessOf } from "./card-words.js";
import { ask, complain, fill, nameOf, tag } from "./page.js";
import { score } from "./scores.js";

/** @import { Card, Manifest, Range, Reply, Scores, ScoreTable } from "../types.js" */
/**
 * A line with a bar: its name, its value, and how many texts it stands for.
 * @typedef {[string, number | undefined, number | null | undefined]} Bar
 */

const card = byId("card");

const CLASS_SCORES = /^per_class_(\w+)_f1$/;
/** @param {string} name */
const readable = (name) => name.replaceAll("_", " ");

/** @param {Card} answer */
function show(answer) {
  const { manifest, scores } = answer;
  byId("card-name").textContent = nameOf(answer);
  document.title = `${nameOf(answer)} · OpinionLens`;
  slot("tags", card).append(
    tag(answer.is_active ? "Active" : "Not active", answer.is_active ? "active" : ""),
    " ",
    tag(answer.kind ?? "unknown kind"),
  );
  const registered = answer.created ? `Registered ${timeOf(answer.created)}. ` : "";
  fill(card, {
    intro: `${registered}Loaded on this server ${timeOf(answer.loaded_at)}.`,
    macro_f1: score(scores.macro_f1),
    accuracy: score(scores.accuracy),
    ece: score(scores.ece),
    n: scores.n ? count(scores.n) : "–",
    use: answer.is_active
      ? "It answers every request now."
      : "Activate it on the page of the models, or with the first request below; from then on it answers the second.",
  });
  slot("activate", card).hidden = answer.is_active;
  slot("problem", card).hidden = !answer.problem;
  slot("problem", card).textContent = answer.problem ?? "";
  slot("groups", card).replaceChildren(...groups(answer));
  const sets = elsewhereOf(answer);
  slot("elsewhere", card).hidden = sets.length === 0;
  showElsewhere(slot("elsewhere-rows", card), sets);
  slot("elsewhere-words", card).textContent = elsewhereWords(sets);
  showPoints("cost", costOf(answer));
  if (manifest) showManifest(answer, manifest);
  card.hidden = false;
}

/** @param {Card} answer @param {Manifest} manifest */
function showManifest(answer, manifest) {
  const { training, features, lineage } = manifest;
  showFacts("trained", {
    Family: readable(training.family),
    Texts: training.rows ? count(training.rows) : "not recorded",
    Sources: training.sources.length ? training.sources.map(readable).join(", ") : "not recorded",
    ...licencesOf(answer),
    "Words are read as": `${features.recipe.name}${features.lexicon || features.opinions ? ", with the sentiment word list" : ""}`,
    "Parts of a text": [...ngrams(features.word_ngrams, "word"), ...ngrams(features.char_ngrams, "character")].join(", ") || "–",
  });
  const params = Object.entries(training.params).map(([name, value]) => [readable(name), String(value)]);
  slot("params", card).hidden = params.length === 0;
  showFacts("params-list", Object.fromEntries(params));
  showPoints("sureness", surenessOf(answer, manifest));
  showPoints("limits", limitsOf(answer, manifest));
  showFacts(
    "lineage",
    {
      Run: answer.training.run_id ?? "not recorded",
      "Data (hash)": lineage.data_hash ?? "not recorded",
      "Code (commit)": answer.training.git_commit ?? "not recorded",
      "Version of the code": lineage.code_version ?? "not recorded",
      "Artifact (SHA-256)": answer.digest,
    },
    true,
  );
}

/** @param {Range | null} range @param {string} unit */
function ngrams(range, unit) {
  if (!range) return [];
  const [least, most] = range;
  return [least === most ? `${least === 1 ? `single ${unit}s` : `${least} ${unit}s`}` : `${least} to ${most} ${unit}s in a row`];
}

/** Everything that has a bar: classes, slices, sources, checks of behaviour, sentences, lengths. @param {Card} card */
function groups({ scores, slices, sources, behaviour, watched_behaviour, everyday, lengths }) {
  /** @type {Bar[]} */
  const classes = Object.entries(scores).flatMap(([name, value]) => {
    const found = CLASS_SCORES.exec(name);
    return found ? [[found[1], value, null]] : [];
  });
  /** @type {[string, Bar[], string?][]} */
  const tables = [
    ["By class (F1)", classes],
    ["By slice", measured(slices, "macro_f1")],
    ["By source", measured(sources, "macro_f1")],
    [
      "Behaviour that a promotion asks for (share of checks passed)",
      rates(behaviour),
      "One that passes fewer than the version in use is refused.",
    ],
    [
      "Behaviour that is only watched (share of checks passed)",
      rates(watched_behaviour),
      "Harder checks: nobody is refused because of them.",
    ],
    ["Everyday sentences (share answered right)", measured(everyday, "accuracy"), everydayNote(everyday)],
    [
      "Calibration error by length (lower is better)",
      measured(shortestFirst(lengths), "ece"),
      "A dash: fewer than 100 texts are too few to tell.",
    ],
  ];
  const found = tables.filter(([, bars]) => bars.length > 0);
  if (found.length === 0) return [note("No scores were recorded with this version.")];
  const missing =
    Object.keys(slices).length || Object.keys(sources).length
      ? []
      : [note("Scores per slice and source were not recorded with this version. `opinionlens promote` records them.")];
  return [...found.map(([title, bars, words]) => group(title, bars, words)), ...missing];
}

/** @param {ScoreTable} table @param {string} what @returns {Bar[]} */
const measured = (table, what) => Object.entries(table).map(([name, one]) => [name, one[what], one.n]);
/** @param {Scores} table @returns {Bar[]} */
const rates = (table) => Object.entries(table).map(([name, rate]) => [name, rate, null]);

/**
 * "at_most_32_tokens", "33_to_100_tokens", "over_400_tokens": a table from a tag has lost its order.
 * @param {ScoreTable} lengths
 */
function shortestFirst(lengths) {
  const start = (/** @type {string} */ name) =>
    name.startsWith("at_most") ? 0 : Number.parseInt(name.match(/\d+/)?.[0] ?? "0", 10);
  return Object.fromEntries(Object.entries(lengths).sort((a, b) => start(a[0]) - start(b[0])));
}

/** @param {ScoreTable} everyday */
function everydayNote(everyday) {
  const { accuracy_low: low, accuracy_high: high } = everyday.all ?? {};
  const range =
    typeof low === "number" && typeof high === "number" ? ` 95 % interval of all: ${percent(low)} to ${percent(high)}.` : "";
  return `What people type first, in all and by kind.${range}`;
}

/** @param {string} words */
function note(words) {
  const line = document.createElement("p");
  line.className = "under";
  line.textContent = words.replaceAll("`", "");
  return line;
}

/** @param {string} title @param {Bar[]} bars @param {string} [words] */
function group(title, bars, words) {
  const section = fill(copyOf("score-group"), { title });
  if (words) find("h3", section).after(note(words));
  slot("bars", section).replaceChildren(
    ...bars.map(([name, value, rows]) => {
      const bar = fill(copyOf("score-bar"), {
        name: readable(name),
        rows: typeof rows === "number" ? counted(rows, "text") : "",
        score: title.includes("(share") ? percent(value ?? 0) : score(value),
      });
      setBar(bar, Math.max(0, Math.min(1, value ?? 0)), 1);
      return bar;
    }),
  );
  return section;
}

/** @param {string} name @param {Record<string, string>} facts @param {boolean} [isCode] */
function showFacts(name, facts, isCode = false) {
  const lines = Object.entries(facts).flatMap(([term, value]) => {
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    dt.textContent = term;
    dd.textContent = value;
    if (isCode && value !== "not recorded") dd.className = "code-value";
    return [dt, dd];
  });
  slot(name, card).replaceChildren(...lines);
}

/** @param {string} name @param {string[]} points */
function showPoints(name, points) {
  slot(name, card).replaceChildren(...points.map(listItem));
}

button("print", card).addEventListener("click", () => print());

/** @type {Reply<Card>} */
const reply = await ask(`/api/v1/models/${encodeURIComponent(card.dataset.modelId ?? "")}/card`);
byId("card-waiting").hidden = true;
if (reply.problem !== undefined) complain(reply.problem);
else show(reply.answer);
