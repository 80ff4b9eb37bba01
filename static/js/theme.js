// The theme button: system, light, dark. A choice is kept in this browser; "system" forgets it.

const ORDER = ["system", "light", "dark"];
const root = document.documentElement;
const button = document.getElementById("theme");
const name = button.querySelector('[data-slot="theme"]');

function remember(theme) {
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // Not kept, but shown.
  }
}

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
