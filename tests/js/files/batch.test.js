import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { portions, predictAll } from "../../../static/js/files/batch.js";

const LIMITS = { maxItems: 1_000, maxBytes: 10_000 };
const real = globalThis.fetch;

const reply = (status, content, headers = {}) => new Response(JSON.stringify(content), { status, headers });

beforeEach(() => {
  globalThis.document = { querySelector: () => null };
});

afterEach(() => {
  globalThis.fetch = real;
  delete globalThis.document;
});

describe("portions", () => {
  it("hold a hundred texts at most, and no more than the server takes", () => {
    const texts = Array.from({ length: 250 }, () => "a");
    assert.deepEqual(
      portions(texts, LIMITS).map((portion) => portion.length),
      [100, 100, 50],
    );
    assert.deepEqual(portions(["a", "b", "c"], { ...LIMITS, maxItems: 2 }), [["a", "b"], ["c"]]);
  });

  it("stay below the bytes of a body, and send a text alone that is larger", () => {
    const texts = ["x".repeat(6), "y".repeat(6), "z".repeat(40), "w"];
    const cut = portions(texts, { ...LIMITS, maxBytes: 20 });
    assert.deepEqual(cut, [["x".repeat(6), "y".repeat(6)], ["z".repeat(40)], ["w"]]);
    assert.ok(JSON.stringify(cut[0]).length <= 20);
  });

  it("of nothing are none", () => {
    assert.deepEqual(portions([], LIMITS), []);
  });
});

describe("predicting many texts", () => {
  it("keeps their order and reports progress", async () => {
    globalThis.fetch = async (_, { body }) =>
      reply(200, { model: { version: 1 }, results: JSON.parse(body).map((text) => ({ prediction: text })) });
    const seen = [];
    const { signal } = new AbortController();
    const found = await predictAll(["a", "b", "c"], { ...LIMITS, maxItems: 2 }, { signal, onProgress: (n) => seen.push(n) });
    assert.deepEqual(
      found.results.map(({ prediction }) => prediction),
      ["a", "b", "c"],
    );
    assert.deepEqual(seen, [2, 3]);
    assert.equal(found.cancelled, false);
  });

  it("keeps the results so far where a portion fails", async () => {
    let turn = 0;
    globalThis.fetch = async () => {
      turn += 1;
      return turn === 1 ? reply(200, { model: {}, results: [{ prediction: "a" }] }) : reply(500, { detail: "Broken." });
    };
    const { signal } = new AbortController();
    const found = await predictAll(["a", "b"], { ...LIMITS, maxItems: 1 }, { signal, onProgress: () => {} });
    assert.deepEqual([found.results.length, found.problem], [1, "Broken."]);
  });

  it("ends when it is cancelled while it waits for a busy server", async () => {
    const cancelling = new AbortController();
    globalThis.fetch = async () => {
      setTimeout(() => cancelling.abort(), 0);
      return reply(503, { detail: "Busy." }, { "Retry-After": "10" });
    };
    const found = await predictAll(["a"], LIMITS, { signal: cancelling.signal, onProgress: () => {} });
    assert.deepEqual([found.results, found.cancelled], [[], true]);
  });
});
