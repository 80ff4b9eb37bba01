import assert from "node:assert/strict";
import { it } from "node:test";

import { lengthOf } from "../../static/js/counter.js";

it("counts characters as the server does", () => {
  assert.equal(lengthOf(""), 0);
  assert.equal(lengthOf("Grüße"), 5);
  assert.equal(lengthOf("🙂🙂"), 2);
});
