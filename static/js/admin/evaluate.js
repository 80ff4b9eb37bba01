// Is a version good for our texts? A labelled file goes to the server, and a report comes back.

import { takeDrops } from "../files/dropping.js";
import { size } from "../numbers.js";
import { ask, complain, slot } from "./page.js";

const form = document.getElementById("evaluate");
const result = document.getElementById("evaluate-result");
const input = document.getElementById("file");
const maxBytes = Number(form.dataset.maxBytes);
const fields = ["model", "text_column", "label_column", "labels"];

let file = null;
let stop = null;
let report = null;

function open(chosen) {
  complain(null);
  const problem = problemOf(chosen);
  file = problem ? null : chosen;
  const line = slot("chosen", form);
  line.hidden = !file;
  line.textContent = file ? `${file.name}, ${size(file.size)}` : "";
  slot("go", form).disabled = !file;
  if (problem) {
    input.value = "";
    complain(`${chosen.name}: ${problem}`);
    return;
  }
  slot("go", form).focus();
}

function problemOf(chosen) {
  if (chosen.size === 0) return "The file is empty.";
  if (chosen.size > maxBytes) {
    return `${size(chosen.size)} is more than fits here; the limit is ${size(maxBytes)}. On the command line, opinionlens evaluate takes files of any size.`;
  }
  return null;
}

function showBusy(isBusy) {
  slot("go", form).setAttribute("aria-busy", String(isBusy));
  slot("go", form).disabled = isBusy || !file;
  slot("cancel", form).hidden = !isBusy;
  slot("doing", form).textContent = isBusy ? `Evaluating ${file.name} …` : "";
}

async function evaluate() {
  complain(null);
  result.hidden = true;
  stop = new AbortController();
  showBusy(true);
  const query = new URLSearchParams({ file_name: file.name });
  for (const name of fields) query.set(name, form.elements[name].value);
  let reply;
  try {
    reply = await ask(`/admin/evaluate/report?${query}`, { method: "POST", file, signal: stop.signal });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    reply = { cancelled: true };
  }
  showBusy(false);
  if (reply.cancelled) return;
  complain(reply.problem ?? null);
  if (reply.problem) return;
  report = reply.answer.report;
  // Our own template made it, and it escapes what stood in the file.
  slot("report", result).innerHTML = reply.answer.html;
  result.hidden = false;
  const title = document.getElementById("report-title");
  title.scrollIntoView({ block: "start" });
  title.focus({ preventScroll: true });
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(report, null, 2)], { type: "application/json" }));
  link.download = `${report.data.file.replace(/\.[^.]*$/, "")}-evaluated.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (file) evaluate();
});
slot("cancel", form).addEventListener("click", () => stop?.abort());
slot("json", result).addEventListener("click", download);
slot("print", result).addEventListener("click", () => print());
input.addEventListener("change", () => input.files[0] && open(input.files[0]));
takeDrops(form, open);
form.hidden = false;
