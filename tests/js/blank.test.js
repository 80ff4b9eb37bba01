import assert from "node:assert/strict";
import { it } from "node:test";

import { isBlank } from "../../static/js/blank.js";

it("calls texts without a visible character blank", () => {
  for (const text of ["", " \t\r\n", "\u00a0\u3000", "\u200b\u2060\ufeff", "\u00ad", "\u2800", "\ufe0f", "\u{e0041}"]) {
    assert.equal(isBlank(text), true, JSON.stringify(text));
  }
});

it("sees letters, marks and emoji, also between invisible characters", () => {
  for (const text of ["a", "\u200b!\u200b", "🙂", "日", "­-", "\u0301"]) {
    assert.equal(isBlank(text), false, JSON.stringify(text));
  }
});
