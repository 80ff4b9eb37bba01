import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";

import { call, wellFormed } from "../../static/js/api.js";

const real = globalThis.fetch;
let asked;

const answering = (status, body, headers = {}) => {
  globalThis.fetch = async (path, options) => {
    asked = { path, ...options };
    return new Response(body, { status, headers });
  };
};

beforeEach(() => {
  globalThis.document = { querySelector: () => ({ content: "token-of-the-page" }) };
});

afterEach(() => {
  globalThis.fetch = real;
  delete globalThis.document;
});

it("sends JSON with the token of the page and gives the answer back", async () => {
  answering(200, '{"prediction": "POSITIVE"}');
  assert.deepEqual(await call("/x", { method: "POST", body: { text: "fine" } }), { answer: { prediction: "POSITIVE" } });
  assert.equal(asked.path, "/x");
  assert.equal(asked.body, '{"text":"fine"}');
  assert.deepEqual(asked.headers, {
    Accept: "application/json",
    "Content-Type": "application/json",
    "X-CSRF-Token": "token-of-the-page",
  });
});

it("sends no token with a question that changes nothing", async () => {
  answering(200, "{}");
  await call("/x");
  assert.deepEqual(asked.headers, { Accept: "application/json" });
});

it("passes on the words of the server, its code and when to come back", async () => {
  answering(503, '{"detail": "No room: wait for `POST /x`.", "code": "busy"}', { "Retry-After": "3" });
  const reply = await call("/x");
  assert.deepEqual(reply, { problem: "No room: wait for POST /x.", status: 503, code: "busy", retryAfter: 3 });
});

it("finds words where an answer has none", async () => {
  answering(502, "<html>");
  assert.equal((await call("/x")).problem, "The server answered 502.");
  answering(401, '{"detail": "Unauthorized"}');
  assert.match((await call("/x")).problem, /needs a login/);
});

it("says so when no answer comes, and lets a cancelled request end", async () => {
  globalThis.fetch = async () => {
    throw new TypeError("failed");
  };
  assert.deepEqual((await call("/x")).status, 0);
  globalThis.fetch = async () => {
    throw new DOMException("cancelled", "AbortError");
  };
  await assert.rejects(call("/x"), { name: "AbortError" });
});

it("replaces half a surrogate pair", () => {
  assert.equal(wellFormed("a\ud83d"), "a\ufffd");
  assert.equal(wellFormed("🙂"), "🙂");
});
