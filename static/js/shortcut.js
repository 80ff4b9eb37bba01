// @ts-check
// Ctrl+Enter, or ⌘+Enter on a Mac, sends the form.

import { byId, find, textArea } from "./dom.js";

/** @param {HTMLFormElement} form */
export function sendOnShortcut(form) {
  const onMac = navigator.platform.startsWith("Mac");
  const hint = byId("shortcut");
  if (onMac) find("kbd", hint).textContent = "⌘";
  hint.hidden = false;

  textArea(form, "text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}
