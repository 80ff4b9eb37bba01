// @ts-check
// Is a version good for our texts? A labelled file goes to the server, and a report comes back.

import { button, byId, field, select, slot } from "../dom.js";
import { takeDrops } from "../files/dropping.js";
import { size } from "../numbers.js";
import { ask, complain } from "./page.js";

/** @import { Reply } from "../types.js" */
/** The report, as values and as HTML. @typedef {{ report: { data: { file: string } }, html: string }} Evaluated */

const form = byId("evaluate", HTMLFormElement);
const result = byId("evaluate-result");
const input = byId("file", HTMLInputElement);
const maxBytes = Number(form.dataset.maxBytes);
const fields = [select(form, "model"), field(form, "text_column"), field(form, "label_column"), field(form, "labels")];
const [go, cancel] = [button("go", form), button("cancel", form)];

/** @type {File | null} */
let file = null;
/** @type {AbortController | null} */
let stop = null;
/** @type {Evaluated["report"] | null} */
let report = null;

/** @param {File} chosen */
function open(chosen) {
  complain(null);
  const problem = problemOf(chosen);
  file = problem ? null : chosen;
  const line = slot("chosen", form);
  line.hidden = !file;
  line.textContent = file ? `${file.name}, ${size(file.size)}` : "";
  go.disabled = !file;
  if (problem) {
    input.value = "";
    complain(`${chosen.name}: ${problem}`);
    return;
  }
  go.focus();
}

/** @param {File} chosen */
function problemOf(chosen) {
  if (chosen.size === 0) return "The file is empty.";
  if (chosen.size > maxBytes) {
    return `${size(chosen.size)} is more than fits here; the limit is ${size(maxBytes)}. On the command line, opinionlens evaluate takes files of any size.`;
  }
  return null;
}

/** @param {string | null} name of the file under way */
function showBusy(name) {
  const isBusy = name !== null;
  go.setAttribute("aria-busy", String(isBusy));
  go.disabled = isBusy || !file;
  cancel.hidden = !isBusy;
  slot("doing", form).textContent = isBusy ? `Evaluating ${name} …` : "";
}

/** @param {File} file */
async function evaluate(file) {
  complain(null);
  result.hidden = true;
  stop = new AbortController();
  showBusy(file.name);
  const query = new URLSearchParams({ file_name: file.name });
  for (const { name, value } of fields) query.set(name, value);
  /** @type {Reply<Evaluated> | null} */
  let reply = null;
  try {
    reply = await ask(`/admin/evaluate/report?${query}`, { method: "POST", file, signal: stop.signal });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
  }
  showBusy(null);
  if (!reply) return; // cancelled
  complain(reply.problem ?? null);
  if (reply.problem !== undefined) return;
  report = reply.answer.report;
  // Our own template made it, and it escapes what stood in the file.
  slot("report", result).innerHTML = reply.answer.html;
  result.hidden = false;
  const title = byId("report-title");
  title.scrollIntoView({ block: "start" });
  title.focus({ preventScroll: true });
}

function download() {
  if (!report) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(report, null, 2)], { type: "application/json" }));
  link.download = `${report.data.file.replace(/\.[^.]*$/, "")}-evaluated.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (file) evaluate(file);
});
cancel.addEventListener("click", () => stop?.abort());
slot("json", result).addEventListener("click", download);
slot("print", result).addEventListener("click", () => print());
input.addEventListener("change", () => input.files?.[0] && open(input.files[0]));
takeDrops(form, open);
form.hidden = false;
