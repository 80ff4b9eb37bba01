import assert from "node:assert/strict";
import { it } from "node:test";

import { strongestWords } from "../../static/js/words.js";

const word = (text, toward, weight) => ({ text, toward, weight });

it("adds up repeated words, whatever their case", () => {
  const [first, second] = strongestWords([word("Good", "POSITIVE", 1), word("slow", "NEGATIVE", 2), word("good", "POSITIVE", 3)]);
  assert.deepEqual(first, { text: "Good", toward: "POSITIVE", weight: 4, times: 2, share: 1 });
  assert.deepEqual(second, { text: "slow", toward: "NEGATIVE", weight: 2, times: 1, share: 0.5 });
});

it("keeps the same word apart where it speaks for different classes", () => {
  assert.equal(strongestWords([word("fine", "POSITIVE", 1), word("fine", "NEUTRAL", 1)]).length, 2);
});

it("lists eight words at most, the strongest first, and none of no words", () => {
  const words = Array.from({ length: 12 }, (_, index) => word(`w${index}`, "POSITIVE", index + 1));
  assert.deepEqual(
    strongestWords(words).map(({ text }) => text),
    ["w11", "w10", "w9", "w8", "w7", "w6", "w5", "w4"],
  );
  assert.deepEqual(strongestWords([]), []);
});
