import assert from "node:assert/strict";
import { it } from "node:test";

import { score } from "../../../static/js/admin/scores.js";

it("writes scores with three digits and a dash where there is none", () => {
  assert.equal(score(0.75637), "0.756");
  assert.equal(score(1), "1.000");
  assert.equal(score(undefined), "–");
});
