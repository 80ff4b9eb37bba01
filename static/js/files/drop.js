// @ts-check
// The file on the home page: chosen or dropped, read here, predicted in portions, shown.

import { button, byId, field, listItem, select, slot } from "../dom.js";
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

/** @import { Result } from "./batch.js" */
/** @import { Row } from "../types.js" */
/** What was chosen. @typedef {{ name: string, bytes: Uint8Array, text: string, isTable: boolean }} Chosen */
/** What is in it. @typedef {{ names: string[], column: number, rows: Row[], problem: string | null }} Content */

/** @param {(text: string) => unknown} explain */
export function offerFiles(explain) {
  const card = byId("files");
  const parts = {
    drop: byId("drop"),
    options: byId("file-options", HTMLFormElement),
    progress: byId("file-progress"),
    result: byId("file-result"),
  };
  const alert = byId("file-alert");
  const input = byId("file", HTMLInputElement);
  const limits = { maxItems: Number(card.dataset.maxItems), maxBytes: Number(card.dataset.maxBytes) };
  const fields = {
    encoding: select(parts.options, "encoding"),
    delimiter: select(parts.options, "delimiter"),
    column: select(parts.options, "column"),
    header: field(parts.options, "header"),
  };
  /** @type {Chosen | null} */
  let file = null;
  /** @type {Content | null} */
  let content = null;

  /** @param {keyof typeof parts} part */
  function show(part) {
    for (const [name, element] of Object.entries(parts)) element.hidden = name !== part;
  }

  /** @param {string | null} words */
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

  /** @param {File} chosen */
  async function open(chosen) {
    complain(null);
    show("drop");
    const bytes = chosen.size > LARGEST_BYTES ? null : await bytesOf(chosen);
    const problem = problemOf(chosen, bytes);
    if (problem || !bytes) {
      input.value = "";
      complain(`${chosen.name}: ${problem}`);
      return;
    }
    slot("name", parts.options).textContent = chosen.name;
    slot("size", parts.options).textContent = size(chosen.size);
    fields.encoding.value = guessEncoding(bytes);
    show("options");
    const isTable = decodeAgain({ name: chosen.name, bytes });
    (isTable ? fields.column : fields.encoding).focus();
  }

  /**
   * Reads the bytes in the chosen encoding; returns whether they are a table.
   * @param {Pick<Chosen, "name" | "bytes">} chosen
   */
  function decodeAgain({ name, bytes }) {
    const { text, problem } = decode(bytes, fields.encoding.value);
    file = { name, bytes, text: text ?? "", isTable: isTable(name, text ?? "") };
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (parts.options.querySelectorAll('[data-for="table"]'))) {
      one.hidden = !file.isTable;
    }
    if (problem) {
      content = null;
      describe(problem);
    } else {
      guessAgain(file);
    }
    return file.isTable;
  }

  /** @param {Chosen} file @param {string} [delimiter] */
  function guessAgain(file, delimiter) {
    if (file.isTable) {
      const guess = guessTable(file.text, delimiter);
      fields.delimiter.value = guess.delimiter === "\t" ? "tab" : guess.delimiter;
      fields.header.checked = guess.hasHeader;
      readAgain(file, guess.column);
    } else {
      content = lineRows(file.text);
      describe(null);
    }
  }

  /** @param {Chosen} file @param {number} [column] */
  function readAgain(file, column = Number(fields.column.value)) {
    const reading = { delimiter: chosenDelimiter(), hasHeader: fields.header.checked, column };
    content = tableRows(file.text, reading);
    fields.column.replaceChildren(...content.names.map((name, index) => new Option(shortened(name, 60), String(index))));
    fields.column.value = String(content.column);
    describe(content.problem);
  }

  /**
   * Shows what the choices come to: the first texts, how many there are, and what speaks against predicting them.
   * @param {string | null} problem
   */
  function describe(problem) {
    const rows = content?.rows ?? [];
    const texts = rows.flatMap((row) => row.text ?? []);
    const first = texts.slice(0, PREVIEWED).map((text) => listItem(shortened(text, PREVIEW_CHARS)));
    slot("texts", parts.options).replaceChildren(...first);
    slot("preview", parts.options).hidden = first.length === 0;
    const words = problem ?? (texts.length === 0 ? emptyWords(rows.length) : null);
    complain(words);
    const go = button("predict", parts.options);
    go.disabled = Boolean(words);
    go.textContent = `Predict ${counted(Math.min(texts.length, limits.maxItems), "text")}`;
    showNote(rows.length, texts.length);
  }

  /** @param {number} rows @param {number} texts */
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

  /** @param {Chosen} file @param {Content} content */
  async function predict(file, { names, rows }) {
    const total = rows.length;
    const taken = rows.slice(0, limits.maxItems);
    const asked = taken.filter((row) => row.text !== undefined);
    const stop = new AbortController();
    const meter = byId("file-meter", HTMLProgressElement);
    const onProgress = (/** @type {number} */ done) => {
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
      asked.map((row) => row.text ?? ""),
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
    if (file && content) predict(file, content);
  });
  fields.encoding.addEventListener("change", () => file && decodeAgain(file));
  fields.delimiter.addEventListener("change", () => file && guessAgain(file, chosenDelimiter()));
  fields.header.addEventListener("change", () => file && readAgain(file));
  fields.column.addEventListener("change", () => file && readAgain(file));
  for (const other of card.querySelectorAll('[data-slot="other"]')) other.addEventListener("click", startOver);
  input.addEventListener("change", () => input.files?.[0] && open(input.files[0]));
  takeDrops(card, open);
  card.hidden = false;
}

/** @param {File} file */
async function bytesOf(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    return undefined;
  }
}

/** @param {File} file @param {Uint8Array | null | undefined} bytes */
function problemOf(file, bytes) {
  if (bytes === null) return `${size(file.size)} is more than fits here; the limit is ${size(LARGEST_BYTES)}.`;
  if (bytes === undefined) return "The browser cannot read this. Is it a folder?";
  return bytes.length === 0 ? "The file is empty." : binaryProblem(bytes);
}

/** @param {Row} row @param {Result | undefined} result */
function applyResult(row, result) {
  row.answer = result?.prediction ? /** @type {Row["answer"]} */ (result) : undefined;
  row.error = result ? result.error?.detail : "no prediction was made";
}

/** @param {number} rows */
function emptyWords(rows) {
  return rows ? "This column holds no text. Choose another one." : "The file holds no rows.";
}

/** @param {string} text @param {number} most */
const shortened = (text, most) => (text.length > most ? `${text.slice(0, most).trimEnd()} …` : text);
