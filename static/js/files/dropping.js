// @ts-check
// A card on which a file can be dropped.

/**
 * Lets a file be dropped on the card; without this a browser would leave the page to show the file.
 * @param {HTMLElement} card
 * @param {(file: File) => void} open
 */
export function takeDrops(card, open) {
  /** @param {DragEvent} event */
  const drags = (event) => event.dataTransfer?.types.includes("Files");
  card.addEventListener("dragover", (event) => {
    if (!drags(event)) return;
    event.preventDefault();
    card.dataset.over = "";
  });
  card.addEventListener("dragleave", (event) => {
    if (!card.contains(/** @type {Node | null} */ (event.relatedTarget))) delete card.dataset.over;
  });
  card.addEventListener("drop", (event) => {
    if (!drags(event)) return;
    event.preventDefault();
    delete card.dataset.over;
    const file = event.dataTransfer?.files[0];
    if (file) open(file);
  });
}
