// The home page: each behaviour is a module of its own.

import { countCharacters } from "./counter.js";
import { evaluateInPlace } from "./evaluate.js";
import { sendOnShortcut } from "./shortcut.js";

const form = document.getElementById("ask");

countCharacters(form);
sendOnShortcut(form);
evaluateInPlace(form);
