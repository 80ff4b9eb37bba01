import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";

import { markWords } from "../../static/js/words.js";

class FakeMark {
  dataset = {};
  flags = new Set();
  textContent = "";

  toggleAttribute(name, on) {
    if (on) this.flags.add(name);
  }
}

beforeEach(() => {
  globalThis.document = { createTextNode: (text) => text, createElement: () => new FakeMark() };
});

afterEach(() => {
  delete globalThis.document;
});

const word = (start, end, level = 1) => ({ start, end, toward: "POSITIVE", level });
const shown = (nodes) => nodes.map((node) => (typeof node === "string" ? node : `[${node.textContent}]`)).join("");

it("marks words at their places, which count an emoji once", () => {
  const nodes = markWords("🙂🙂 good, very good", [word(3, 7), word(14, 18, 3)], 16);
  assert.equal(shown(nodes), "🙂🙂 [good], very [good]");
  assert.deepEqual(nodes[3].dataset, { toward: "POSITIVE", level: "3" });
});

it("shows a text once where words overlap, and whole where there are none", () => {
  assert.equal(shown(markWords("so good", [word(0, 7), word(3, 7)], 16)), "[so good]");
  assert.equal(shown(markWords("so good", [], 16)), "so good");
});

it("keeps short words on one line", () => {
  const [, short, , long] = markWords(`${"a".repeat(16)} ${"b".repeat(17)}`, [word(0, 16), word(17, 34)], 16);
  assert.equal(short.flags.has("data-short"), true);
  assert.equal(long.flags.has("data-short"), false);
});
