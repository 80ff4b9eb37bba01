// A card on which a file can be dropped.

/** Lets a file be dropped on the card; without this a browser would leave the page to show the file. */
export function takeDrops(card, open) {
  const drags = (event) => event.dataTransfer?.types.includes("Files");
  card.addEventListener("dragover", (event) => {
    if (!drags(event)) return;
    event.preventDefault();
    card.dataset.over = "";
  });
  card.addEventListener("dragleave", (event) => {
    if (!card.contains(event.relatedTarget)) delete card.dataset.over;
  });
  card.addEventListener("drop", (event) => {
    if (!drags(event)) return;
    event.preventDefault();
    delete card.dataset.over;
    if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  });
}
