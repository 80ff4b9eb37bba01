import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { capitalised, count, counted, dateOf, percent, size } from "../../static/js/numbers.js";

describe("numbers", () => {
  it("groups digits by thousands", () => {
    assert.equal(count(12_345), "12,345");
    assert.equal(count(999), "999");
  });

  it("uses the singular for one only", () => {
    assert.equal(counted(1, "text"), "1 text");
    assert.equal(counted(0, "text"), "0 texts");
    assert.equal(counted(2_000, "reply", "replies"), "2,000 replies");
  });

  it("never rounds to certainty or to nothing", () => {
    assert.equal(percent(0.995), "> 99 %");
    assert.equal(percent(0.9949), "99 %");
    assert.equal(percent(0.0049), "< 1 %");
    assert.equal(percent(0.005), "1 %");
    assert.equal(percent(0), "0 %");
    assert.equal(percent(1), "100 %");
  });

  it("writes bytes with a unit and at most two digits behind small values", () => {
    assert.equal(size(999), "999 bytes");
    assert.equal(size(1_000), "1.0 kB");
    assert.equal(size(12_400), "12 kB");
    assert.equal(size(5_000_000), "5.0 MB");
    assert.equal(size(2_500_000_000), "2.5 GB");
  });

  it("writes dates and labels for readers", () => {
    assert.equal(dateOf("2026-11-28T12:00:00Z"), "28 Nov 2026");
    assert.equal(capitalised("NEGATIVE"), "Negative");
  });
});
