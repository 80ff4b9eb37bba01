// @ts-check
// What came of a file: totals, and its rows to filter, search, leaf through and take away.

import { button, copyOf, find, setBar, slot } from "../dom.js";
import { capitalised, count, counted, percent } from "../numbers.js";
import { toCsv } from "./csv.js";
import { predictedRows } from "./rows.js";

const PAGE_ROWS = 20;

/** @import { Prediction, Row } from "../types.js" */
/** @typedef {Row & { number: number }} NumberedRow */
/** @typedef {(text: string) => unknown} Explain */

/**
 * What came of a file: of `total` rows these were taken.
 * @typedef {object} FileOutcome
 * @property {string} name
 * @property {string[]} names
 * @property {Row[]} rows
 * @property {number} total
 * @property {Prediction["model"] | null} model
 * @property {boolean} cancelled
 */

/** @type {Record<string, (row: Row) => boolean>} */
const FILTERS = {
  all: () => true,
  NEGATIVE: (row) => row.answer?.prediction === "NEGATIVE",
  NEUTRAL: (row) => row.answer?.prediction === "NEUTRAL",
  POSITIVE: (row) => row.answer?.prediction === "POSITIVE",
  uncertain: (row) => row.answer?.uncertain === true,
  error: (row) => !row.answer,
};

/**
 * Fills the section; `explain` is called with the text of a row whose reasons somebody wants to see.
 * @param {HTMLElement} section
 * @param {FileOutcome} outcome
 * @param {Explain} explain
 */
export function showResult(section, outcome, explain) {
  const numbered = outcome.rows.map((row, index) => ({ ...row, number: index + 1 }));
  const chips = [.../** @type {NodeListOf<HTMLElement>} */ (section.querySelectorAll("[data-filter]"))].map((chip) => ({
    chip,
    filter: chip.dataset.filter ?? "all",
  }));
  const table = find("table", section, HTMLTableElement);
  const view = { filter: "all", search: "", page: 0 };

  function matching() {
    const wanted = view.search.trim().toLowerCase();
    return numbered.filter((row) => FILTERS[view.filter](row) && (!wanted || (row.text ?? "").toLowerCase().includes(wanted)));
  }

  function draw() {
    const rows = matching();
    const pages = Math.max(1, Math.ceil(rows.length / PAGE_ROWS));
    view.page = Math.min(view.page, pages - 1);
    const shown = rows.slice(view.page * PAGE_ROWS, (view.page + 1) * PAGE_ROWS);
    slot("rows", section).replaceChildren(...shown.map((row) => tableRow(row, explain)));
    slot("none", section).hidden = rows.length > 0;
    table.hidden = rows.length === 0;
    slot("pager", section).hidden = rows.length === 0;
    slot("page", section).textContent =
      `${count(view.page * PAGE_ROWS + 1)}–${count(view.page * PAGE_ROWS + shown.length)} of ${count(rows.length)}`;
    button("back", section).disabled = view.page === 0;
    button("on", section).disabled = view.page >= pages - 1;
    for (const { chip, filter } of chips) chip.setAttribute("aria-pressed", String(filter === view.filter));
  }

  /** @param {Partial<typeof view>} changes */
  const change = (changes) => {
    Object.assign(view, changes);
    draw();
  };

  for (const { chip, filter } of chips) {
    const times = numbered.filter(FILTERS[filter]).length;
    slot("times", chip).textContent = count(times);
    chip.hidden = times === 0 && filter !== "all";
    chip.onclick = () => change({ filter, page: 0 });
  }
  const search = find('input[type="search"]', section, HTMLInputElement);
  search.value = "";
  search.oninput = () => change({ search: search.value, page: 0 });
  button("back", section).onclick = () => change({ page: view.page - 1 });
  button("on", section).onclick = () => change({ page: view.page + 1 });
  const file = toCsv(predictedRows(outcome.names, outcome.rows));
  slot("download", section).onclick = () => download(outcome.name, file.text);
  showChanged(section, file.changed);
  showTotals(section, outcome, numbered);
  draw();
  section.focus({ preventScroll: true });
  section.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLElement} section @param {FileOutcome} outcome @param {Row[]} rows */
function showTotals(section, outcome, rows) {
  const predicted = rows.filter((row) => row.answer);
  for (const bar of /** @type {NodeListOf<HTMLElement>} */ (section.querySelectorAll("[data-bar]"))) {
    const times = predicted.filter(FILTERS[bar.dataset.bar ?? "all"]).length;
    const share = predicted.length ? times / predicted.length : 0;
    setBar(bar, share);
    slot("share", bar).textContent = `${count(times)} · ${percent(share)}`;
  }
  find("h3", section).textContent = `${counted(predicted.length, "prediction")} for ${outcome.name}`;
  slot("summary", section).textContent = summaryOf(outcome, rows, predicted);
}

/** @param {FileOutcome} outcome @param {Row[]} rows @param {Row[]} predicted */
function summaryOf(outcome, rows, predicted) {
  const parts = [];
  if (outcome.model) {
    const { name, version } = outcome.model;
    parts.push(`Answered by ${name}${version === null ? "" : ` version ${version}`}.`);
  }
  const uncertain = predicted.filter(FILTERS.uncertain).length;
  if (uncertain) parts.push(`${counted(uncertain, "prediction is", "predictions are")} uncertain.`);
  const without = rows.length - predicted.length;
  if (without) parts.push(`${counted(without, "row has", "rows have")} no prediction.`);
  if (outcome.cancelled) parts.push("You cancelled the rest.");
  if (outcome.total > rows.length) parts.push(`The first ${count(rows.length)} of ${count(outcome.total)} rows.`);
  return parts.join(" ");
}

/** @param {NumberedRow} row @param {Explain} explain */
function tableRow(row, explain) {
  const line = copyOf("file-row");
  slot("number", line).textContent = count(row.number);
  slot("text", line).textContent = row.text ?? "";
  const tag = slot("tag", line);
  const why = slot("why", line);
  if (row.answer) {
    tag.textContent = capitalised(row.answer.prediction);
    tag.dataset.label = row.answer.prediction;
    tag.toggleAttribute("data-unsure", row.answer.uncertain);
    slot("sure", line).textContent = percent(row.answer.confidence) + (row.answer.uncertain ? ", uncertain" : "");
    why.setAttribute("aria-label", `Why is row ${row.number} ${row.answer.prediction.toLowerCase()}?`);
    why.onclick = () => explain(row.text ?? "");
  } else {
    tag.remove();
    slot("sure", line).textContent = sentence(row.error ?? "no prediction was made");
    why.remove();
  }
  return line;
}

/** @param {string} words */
const sentence = (words) => words[0].toUpperCase() + words.slice(1);

/**
 * Says what the download does to texts that a spreadsheet would take for formulas.
 * @param {HTMLElement} section
 * @param {number} changed
 */
function showChanged(section, changed) {
  const line = slot("changed", section);
  line.textContent =
    `In the download ${counted(changed, "cell gets", "cells get")} an apostrophe where a spreadsheet would see a formula. ` +
    "opinionlens predict writes texts as they are.";
  line.hidden = changed === 0;
}

/** @param {string} name @param {string} text */
function download(name, text) {
  const blob = new Blob([text], { type: "text/csv;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name.replace(/\.[^.]*$/, "")}-predictions.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
