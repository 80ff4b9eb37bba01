// @ts-check
// The theme button: system, light, dark. A choice is kept in this browser; "system" forgets it.

import { byId, slot } from "./dom.js";

const ORDER = ["system", "light", "dark"];
const root = document.documentElement;
const button = byId("theme");
const name = slot("theme", button);

/** @param {string} theme */
function remember(theme) {
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // Not kept, but shown.
  }
}

/** @param {string} theme */
function show(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  name.textContent = theme[0].toUpperCase() + theme.slice(1);
}

button.addEventListener("click", () => {
  const current = root.dataset.theme ?? "system";
  const next = ORDER[(ORDER.indexOf(current) + 1) % ORDER.length];
  remember(next);
  show(next);
});

show(root.dataset.theme ?? "system");
button.hidden = false;
