import assert from "node:assert/strict";
import { it } from "node:test";

import { elsewhereOf, elsewhereWords } from "../../../static/js/admin/card-elsewhere.js";

const film = { n: 900, macro_f1: 0.64, vader_macro_f1: 0.66 };
const news = { n: 500, macro_f1: 0.6, vader_macro_f1: 0.5 };

it("lists the everyday sentences before the other sets", () => {
  const card = { everyday: { all: { n: 200 } }, other_kinds: { film_sentences: film } };
  assert.deepEqual(elsewhereOf(card), [
    ["everyday sentences", { n: 200 }],
    ["film_sentences", film],
  ]);
  assert.deepEqual(elsewhereOf({}), []);
});

it("names the sets on which a word list does better", () => {
  const words = elsewhereWords([
    ["film_sentences", film],
    ["news", news],
    ["not_there", { n: 0 }],
    ["without_peer", { n: 9, macro_f1: 0.1 }],
  ]);
  assert.match(words, /On film sentences VADER's word list does better\.$/);
  assert.doesNotMatch(elsewhereWords([["news", news]]), /VADER/);
});
