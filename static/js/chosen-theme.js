// @ts-check
// Before anything is painted: says that scripts run, and applies a theme that was chosen earlier (theme.js has the
// button).
(() => {
  document.documentElement.dataset.scripts = "";
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") {
      document.documentElement.dataset.theme = chosen;
    }
  } catch {
    // A browser that keeps nothing for this page: it follows the system.
  }
})();
