// @ts-check
// The home page: each behaviour is a module of its own.

import { countCharacters } from "./counter.js";
import { byId } from "./dom.js";
import { evaluateInPlace } from "./evaluate.js";
import { takeFeedback } from "./feedback.js";
import { offerFiles } from "./files/drop.js";
import { sendOnShortcut } from "./shortcut.js";

const form = byId("ask", HTMLFormElement);
const prediction = byId("prediction");

countCharacters(form);
sendOnShortcut(form);
takeFeedback(prediction);
const predict = evaluateInPlace(form);
offerFiles(async (text) => {
  await predict(text);
  prediction.scrollIntoView({ block: "start" });
  prediction.focus({ preventScroll: true });
});
