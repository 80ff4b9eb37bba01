// Judges the text without reloading the page. Without this module the form does the same by itself.

import { showVerdict, hideVerdict } from "./verdict.js";

const ENDPOINT = "/api/v1/inference/explain";
const NO_ANSWER = "The server does not answer. Check the connection and try again.";

export function evaluateInPlace(form) {
  const field = form.elements.text;
  const button = document.getElementById("evaluate");
  const alert = document.getElementById("alert");
  let turn = 0;

  function complain(message) {
    hideVerdict();
    alert.textContent = message.replaceAll("`", ""); // code in a message; the server's own page sets it as code
    alert.hidden = false;
  }

  async function evaluate() {
    const mine = ++turn;
    const text = field.value;
    if (!text.trim()) {
      complain("Type or paste a text first.");
      field.focus();
      return;
    }
    alert.hidden = true;
    button.setAttribute("aria-busy", "true");
    const started = performance.now();
    const result = await ask(text);
    if (mine !== turn) return; // a newer question has been asked meanwhile
    button.removeAttribute("aria-busy");
    if (result.problem) complain(result.problem);
    else showVerdict(text, result.answer, performance.now() - started);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    evaluate();
  });
  // Our own message instead of the browser's bubble, so that both ways of asking say the same.
  form.noValidate = true;

  for (const example of document.querySelectorAll("form.example")) {
    example.addEventListener("submit", (event) => {
      event.preventDefault();
      field.value = example.elements.text.value;
      field.dispatchEvent(new Event("input"));
      evaluate();
    });
  }
}

async function ask(text) {
  let response;
  try {
    response = await fetch(ENDPOINT, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ text: text.toWellFormed?.() ?? text }),
    });
  } catch {
    return { problem: NO_ANSWER };
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body) return { answer: body };
  return { problem: body?.detail ?? `The server answered ${response.status}.` };
}
