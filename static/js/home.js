// The home page: each behaviour is a module of its own.

import { countCharacters } from "./counter.js";
import { evaluateInPlace } from "./evaluate.js";
import { takeFeedback } from "./feedback.js";
import { offerFiles } from "./files/drop.js";
import { sendOnShortcut } from "./shortcut.js";

const form = document.getElementById("ask");
const verdict = document.getElementById("verdict");

countCharacters(form);
sendOnShortcut(form);
takeFeedback(verdict);
const judge = evaluateInPlace(form);
offerFiles(async (text) => {
  await judge(text);
  verdict.scrollIntoView({ block: "start" });
  verdict.focus({ preventScroll: true });
});
