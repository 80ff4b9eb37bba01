// The file on the home page: chosen or dropped, read here, predicted in portions, shown.

import { count, counted, size } from "../numbers.js";
import { predictAll } from "./batch.js";
import { takeDrops } from "./dropping.js";
import { binaryProblem, decode, guessEncoding } from "./encoding.js";
import { showResult } from "./result.js";
import { guessTable, isTable, lineRows, tableRows } from "./rows.js";

// More than any file within the limit of rows has; a larger one would only freeze the page.
const LARGEST_BYTES = 20_000_000;
const PREVIEWED = 3;
const PREVIEW_CHARS = 160;

const slot = (name, within) => within.querySelector(`[data-slot="${name}"]`);

export function offerFiles(explain) {
  const card = document.getElementById("files");
  const parts = {
    drop: document.getElementById("drop"),
    options: document.getElementById("file-options"),
    progress: document.getElementById("file-progress"),
    result: document.getElementById("file-result"),
  };
  const alert = document.getElementById("file-alert");
  const input = document.getElementById("file");
  const limits = { maxItems: Number(card.dataset.maxItems), maxBytes: Number(card.dataset.maxBytes) };
  const fields = parts.options.elements;
  let file = null; // {name, bytes, text, table}: what was chosen
  let content = null; // {names, column, rows}: what is in it

  function show(part) {
    for (const [name, element] of Object.entries(parts)) element.hidden = name !== part;
  }

  function complain(words) {
    alert.textContent = words ?? "";
    alert.hidden = !words;
  }

  const chosenDelimiter = () => (fields.delimiter.value === "tab" ? "\t" : fields.delimiter.value);

  function startOver() {
    file = null;
    content = null;
    input.value = "";
    complain(null);
    show("drop");
    input.focus();
  }

  async function open(chosen) {
    complain(null);
    show("drop");
    const bytes = chosen.size > LARGEST_BYTES ? null : await bytesOf(chosen);
    const problem = problemOf(chosen, bytes);
    if (problem) {
      input.value = "";
      complain(`${chosen.name}: ${problem}`);
      return;
    }
    file = { name: chosen.name, bytes };
    slot("name", parts.options).textContent = chosen.name;
    slot("size", parts.options).textContent = size(chosen.size);
    fields.encoding.value = guessEncoding(bytes);
    show("options");
    decodeAgain();
    (file.isTable ? fields.column : fields.encoding).focus();
  }

  function decodeAgain() {
    const { text, problem } = decode(file.bytes, fields.encoding.value);
    file.text = text ?? "";
    file.isTable = isTable(file.name, file.text);
    for (const field of parts.options.querySelectorAll('[data-for="table"]')) field.hidden = !file.isTable;
    if (problem) {
      content = null;
      describe(problem);
      return;
    }
    guessAgain();
  }

  function guessAgain(delimiter) {
    if (file.isTable) {
      const guess = guessTable(file.text, delimiter);
      fields.delimiter.value = guess.delimiter === "\t" ? "tab" : guess.delimiter;
      fields.header.checked = guess.hasHeader;
      readAgain(guess.column);
    } else {
      content = lineRows(file.text);
      describe(null);
    }
  }

  function readAgain(column = Number(fields.column.value)) {
    const reading = { delimiter: chosenDelimiter(), hasHeader: fields.header.checked, column };
    content = tableRows(file.text, reading);
    fields.column.replaceChildren(...content.names.map((name, index) => new Option(shortened(name, 60), index)));
    fields.column.value = content.column;
    describe(content.problem);
  }

  /** Shows what the choices come to: the first texts, how many there are, and what speaks against predicting them. */
  function describe(problem) {
    const rows = content?.rows ?? [];
    const texts = rows.filter((row) => row.text !== undefined);
    const first = texts.slice(0, PREVIEWED).map((row) => listItem(shortened(row.text, PREVIEW_CHARS)));
    slot("texts", parts.options).replaceChildren(...first);
    slot("preview", parts.options).hidden = first.length === 0;
    const words = problem ?? (texts.length === 0 ? emptyWords(rows.length) : null);
    complain(words);
    const button = slot("predict", parts.options);
    button.disabled = Boolean(words);
    button.textContent = `Predict ${counted(Math.min(texts.length, limits.maxItems), "text")}`;
    showNote(rows.length, texts.length);
  }

  function showNote(rows, texts) {
    const note = slot("note", parts.options);
    const words = [];
    if (rows > limits.maxItems) {
      words.push(
        `The file has ${count(rows)} rows; the first ${count(limits.maxItems)} of them get a prediction. ` +
          "For more, use opinionlens predict or send several batches.",
      );
    }
    if (texts && texts < rows) words.push(`${counted(rows - texts, "row has", "rows have")} no text.`);
    note.textContent = words.join(" ");
    note.hidden = words.length === 0;
  }

  async function predict() {
    const { names, rows } = content;
    const total = rows.length;
    const taken = rows.slice(0, limits.maxItems);
    const asked = taken.filter((row) => row.text !== undefined);
    const stop = new AbortController();
    const meter = document.getElementById("file-meter");
    const onProgress = (done) => {
      meter.value = done;
      slot("done", parts.progress).textContent = `${count(done)} of ${counted(asked.length, "text")}`;
    };
    meter.max = asked.length;
    onProgress(0);
    show("progress");
    const cancel = slot("cancel", parts.progress);
    cancel.onclick = () => stop.abort();
    cancel.focus();
    const outcome = await predictAll(
      asked.map((row) => row.text),
      // A tenth stays free for what the counting does not see.
      { maxItems: limits.maxItems, maxBytes: limits.maxBytes * 0.9 },
      { signal: stop.signal, onProgress },
    );
    for (const [index, row] of asked.entries()) applyResult(row, outcome.results[index]);
    if (outcome.results.length === 0) {
      show("options");
      complain(outcome.problem);
      return;
    }
    complain(outcome.problem && `${outcome.problem} The predictions made until then are below.`);
    show("result");
    showResult(parts.result, { name: file.name, names, rows: taken, total, ...outcome }, explain);
  }

  parts.options.addEventListener("submit", (event) => {
    event.preventDefault();
    predict();
  });
  fields.encoding.addEventListener("change", decodeAgain);
  fields.delimiter.addEventListener("change", () => guessAgain(chosenDelimiter()));
  fields.header.addEventListener("change", () => readAgain());
  fields.column.addEventListener("change", () => readAgain());
  for (const button of card.querySelectorAll('[data-slot="other"]')) button.addEventListener("click", startOver);
  input.addEventListener("change", () => input.files[0] && open(input.files[0]));
  takeDrops(card, open);
  card.hidden = false;
}

async function bytesOf(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    return undefined;
  }
}

function problemOf(file, bytes) {
  if (bytes === null) return `${size(file.size)} is more than fits here; the limit is ${size(LARGEST_BYTES)}.`;
  if (bytes === undefined) return "The browser cannot read this. Is it a folder?";
  return bytes.length === 0 ? "The file is empty." : binaryProblem(bytes);
}

function applyResult(row, result) {
  row.answer = result?.prediction ? result : undefined;
  row.error = result ? result.error?.detail : "no prediction was made";
}

function emptyWords(rows) {
  return rows ? "This column holds no text. Choose another one." : "The file holds no rows.";
}

const shortened = (text, most) => (text.length > most ? `${text.slice(0, most).trimEnd()} …` : text);

function listItem(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}
