import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { costOf, licencesOf, limitsOf, surenessOf } from "../../../static/js/admin/card-words.js";

const MANIFEST = { labels: ["NEGATIVE", "NEUTRAL", "POSITIVE"], training: { sources: ["brand_tweets"] }, general: [] };
const CARD = { limits: { max_text_chars: 10_000 } };

describe("confidence", () => {
  const manifest = {
    calibration: { method: "temperature" },
    uncertainty: { min_confidence: 0.45, min_words: 4, min_known_share: 0.3 },
  };

  it("is described with the method and the measured error", () => {
    const words = surenessOf({ scores: { ece: 0.0151 } }, manifest).join(" ");
    assert.match(words, /calibrated with one temperature/);
    assert.match(words, /1\.5 percentage points off/);
    assert.match(words, /Below a confidence of 45 %/);
    assert.match(words, /4 words or more of which it knows fewer than 30 %/);
  });

  it("names the limits for unfamiliar and for long texts only where a model has them", () => {
    assert.equal(surenessOf({ scores: {} }, manifest).length, 3);
    const more = {
      calibration: { method: "vector", length: { pivot: 40 } },
      uncertainty: { ...manifest.uncertainty, unfamiliar_confidence: 0.6 },
    };
    const words = surenessOf({ scores: {} }, more).join(" ");
    assert.match(words, /that limit is 60 %/);
    assert.match(words, /more than 40 words/);
  });
});

describe("cost", () => {
  it("names the extra, the size and the measured times", () => {
    const card = { kind: "onnx", needs: "onnx", speed: { alone_us: 5012.4, together_us: 4210 }, size_bytes: 23_100_000 };
    assert.deepEqual(costOf(card), [
      "The app needs opinionlens[onnx] to serve it.",
      "It takes 23 MB on disk.",
      "Where it was registered, one text alone took 5,012 µs of processor time, and one among many 4,210 µs.",
    ]);
  });

  it("says that times are missing, and takes them for no zero", () => {
    const words = costOf({ kind: "linear", needs: null, speed: {}, size_bytes: null });
    assert.deepEqual(words, [
      "The app needs nothing more to serve it.",
      "How long a text takes was not recorded with this version.",
    ]);
  });
});

describe("limits", () => {
  it("name the length, the sources and the weakest set", () => {
    const slices = { short_text: { macro_f1: 0.76 }, long_text: { macro_f1: 0.7271 } };
    const words = limitsOf({ ...CARD, slices }, MANIFEST).join(" ");
    assert.match(words, /10,000 characters/);
    assert.match(words, /learnt from brand tweets/);
    assert.match(words, /weakest on long text: macro F1 0\.727/);
    assert.doesNotMatch(words, /word lists/);
  });

  it("say that other word lists made it", () => {
    const words = limitsOf({ ...CARD, other_word_lists: true }, MANIFEST).join(" ");
    assert.match(words, /made with the word lists of another version of OpinionLens, .* train it again/);
  });

  it("name checks that often fail, sure errors and missing classes", () => {
    const card = {
      ...CARD,
      behaviour: { names_do_not_matter: 0.85, praise_stays: 0.95 },
      everyday: { all: { sure_and_wrong: 3 } },
    };
    const words = limitsOf(card, { ...MANIFEST, labels: ["NEGATIVE", "POSITIVE"] }).join(" ");
    assert.match(words, /“names do not matter” it passes 85 %/);
    assert.doesNotMatch(words, /praise stays/);
    assert.match(words, /answers 3 wrong with a confidence above 90 %/);
    assert.match(words, /knows only negative and positive/);
  });
});

it("lists the licences of the training texts", () => {
  const licences = [{ source: "brand_tweets", licence: "MIT", terms: "See `airline_tweets`." }];
  assert.deepEqual(licencesOf({ licences }), { "Licence of brand tweets": "MIT. See airline tweets." });
  assert.deepEqual(licencesOf({}), {});
});
