// What came of a file: totals, and its rows to filter, search, leaf through and take away.

import { capitalised, count, counted, percent } from "../numbers.js";
import { toCsv } from "./csv.js";
import { predictedRows } from "./rows.js";

const PAGE_ROWS = 20;

const slot = (name, within) => within.querySelector(`[data-slot="${name}"]`);

const FILTERS = {
  all: () => true,
  NEGATIVE: (row) => row.answer?.prediction === "NEGATIVE",
  NEUTRAL: (row) => row.answer?.prediction === "NEUTRAL",
  POSITIVE: (row) => row.answer?.prediction === "POSITIVE",
  uncertain: (row) => row.answer?.uncertain === true,
  error: (row) => !row.answer,
};

/** Fills the section; `explain` is called with the text of a row whose reasons somebody wants to see. */
export function showResult(section, outcome, explain) {
  const numbered = outcome.rows.map((row, index) => ({ ...row, number: index + 1 }));
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
    section.querySelector("table").hidden = rows.length === 0;
    slot("pager", section).hidden = rows.length === 0;
    slot("page", section).textContent =
      `${count(view.page * PAGE_ROWS + 1)}–${count(view.page * PAGE_ROWS + shown.length)} of ${count(rows.length)}`;
    slot("back", section).disabled = view.page === 0;
    slot("on", section).disabled = view.page >= pages - 1;
    for (const chip of section.querySelectorAll("[data-filter]")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.filter === view.filter));
    }
  }

  const change = (changes) => {
    Object.assign(view, changes);
    draw();
  };

  for (const chip of section.querySelectorAll("[data-filter]")) {
    const times = numbered.filter(FILTERS[chip.dataset.filter]).length;
    slot("times", chip).textContent = count(times);
    chip.hidden = times === 0 && chip.dataset.filter !== "all";
    chip.onclick = () => change({ filter: chip.dataset.filter, page: 0 });
  }
  const search = section.querySelector('input[type="search"]');
  search.value = "";
  search.oninput = () => change({ search: search.value, page: 0 });
  slot("back", section).onclick = () => change({ page: view.page - 1 });
  slot("on", section).onclick = () => change({ page: view.page + 1 });
  const file = toCsv(predictedRows(outcome.names, outcome.rows));
  slot("download", section).onclick = () => download(outcome.name, file.text);
  showChanged(section, file.changed);
  showTotals(section, outcome, numbered);
  draw();
  section.focus({ preventScroll: true });
  section.scrollIntoView({ block: "nearest" });
}

function showTotals(section, outcome, rows) {
  const predicted = rows.filter((row) => row.answer);
  for (const bar of section.querySelectorAll("[data-bar]")) {
    const times = predicted.filter(FILTERS[bar.dataset.bar]).length;
    const share = predicted.length ? times / predicted.length : 0;
    bar.querySelector(".fill").setAttribute("width", (share * 100).toFixed(2));
    slot("share", bar).textContent = `${count(times)} · ${percent(share)}`;
  }
  section.querySelector("h3").textContent = `${counted(predicted.length, "prediction")} for ${outcome.name}`;
  slot("summary", section).textContent = summaryOf(outcome, rows, predicted);
}

function summaryOf(outcome, rows, predicted) {
  const { name, version } = outcome.model;
  const parts = [`Answered by ${name}${version === null ? "" : ` version ${version}`}.`];
  const uncertain = predicted.filter(FILTERS.uncertain).length;
  if (uncertain) parts.push(`${counted(uncertain, "prediction is", "predictions are")} uncertain.`);
  const without = rows.length - predicted.length;
  if (without) parts.push(`${counted(without, "row has", "rows have")} no prediction.`);
  if (outcome.cancelled) parts.push("You cancelled the rest.");
  if (outcome.total > rows.length) parts.push(`The first ${count(rows.length)} of ${count(outcome.total)} rows.`);
  return parts.join(" ");
}

function tableRow(row, explain) {
  const line = document.getElementById("file-row").content.firstElementChild.cloneNode(true);
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
    why.onclick = () => explain(row.text);
  } else {
    tag.remove();
    slot("sure", line).textContent = sentence(row.error ?? "no prediction was made");
    why.remove();
  }
  return line;
}

const sentence = (words) => words[0].toUpperCase() + words.slice(1);

/** Says what the download does to texts that a spreadsheet would take for formulas. */
function showChanged(section, changed) {
  const line = slot("changed", section);
  line.textContent =
    `In the download ${counted(changed, "cell gets", "cells get")} an apostrophe where a spreadsheet would see a formula. ` +
    "opinionlens predict writes texts as they are.";
  line.hidden = changed === 0;
}

function download(name, text) {
  const blob = new Blob([text], { type: "text/csv;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name.replace(/\.[^.]*$/, "")}-predictions.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
