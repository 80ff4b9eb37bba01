// Applies a theme that was chosen earlier, before anything is painted. theme.js has the button.
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") {
      document.documentElement.dataset.theme = chosen;
    }
  } catch {
    // A browser that keeps nothing for this page: it follows the system.
  }
})();
