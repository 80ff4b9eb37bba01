// Scores as tables and cards show them.

const SHARES = new Set(["macro_f1", "accuracy"]);

/** 0.75637 → "0.756"; a dash where there is none. */
export const score = (value) => (typeof value === "number" ? value.toFixed(3) : "–");

/** Fills a cell with a score, a bar where it is a share, and how far it is from the active version's. */
export function fillScore(cell, name, scores, activeScores) {
  const value = scores[name];
  cell.textContent = score(value);
  if (typeof value !== "number" || !activeScores || typeof activeScores[name] !== "number") return;
  const difference = value - activeScores[name];
  if (Math.abs(difference) < 0.0005) return;
  const isBetter = SHARES.has(name) ? difference > 0 : difference < 0;
  const note = document.createElement("span");
  note.className = "difference";
  note.dataset.better = isBetter;
  note.textContent = `${difference > 0 ? "+" : "−"}${Math.abs(difference).toFixed(3)}`;
  note.title = `${isBetter ? "Better" : "Worse"} than the active version`;
  const spoken = document.createElement("span");
  spoken.className = "visually-hidden";
  spoken.textContent = isBetter ? ", better than the active version" : ", worse than the active version";
  note.append(spoken);
  cell.append(" ", note);
}
