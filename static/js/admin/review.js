// @ts-check
// One key for each answer of the review queue. The buttons work without this.

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const key = event.key.toLowerCase();
  for (const button of document.querySelectorAll("button[data-keys]")) {
    if (button instanceof HTMLButtonElement && button.dataset.keys?.split(" ").includes(key)) {
      event.preventDefault();
      document.removeEventListener("keydown", press); // one answer a text, however long the next page takes
      button.click();
      return;
    }
  }
}

document.addEventListener("keydown", press);
for (const hint of document.querySelectorAll(".keys-hint")) hint.removeAttribute("hidden");
