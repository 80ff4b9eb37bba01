import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { guessTable, isTable, lineRows, predictedRows, tableRows } from "../../../static/js/files/rows.js";

describe("a table", () => {
  it("is any file but .txt, unless it is empty", () => {
    assert.equal(isTable("a.csv", "a"), true);
    assert.equal(isTable("A.TXT", "a"), false);
    assert.equal(isTable("a.csv", " \n"), false);
  });

  it("is read as guessed", () => {
    const text = "id;review\n1;well, well\n2;\n3\n";
    const guess = guessTable(text);
    assert.deepEqual(guess, { delimiter: ";", hasHeader: true, column: 1 });
    const { names, column, rows } = tableRows(text, guess);
    assert.deepEqual([names, column], [["id", "review"], 1]);
    assert.deepEqual(rows, [
      { cells: ["1", "well, well"], text: "well, well" },
      { cells: ["2", ""], error: "the text is missing or empty" },
      { cells: ["3"], error: "the row has fewer columns than the header" },
    ]);
  });
});

it("reads one text a line", () => {
  assert.deepEqual(lineRows("a\n\u200b\nb"), {
    names: ["text"],
    column: 0,
    rows: [
      { cells: ["a"], text: "a" },
      { cells: ["\u200b"], error: "the text is missing or empty" },
      { cells: ["b"], text: "b" },
    ],
    problem: null,
  });
});

describe("the download", () => {
  const answer = {
    prediction: "POSITIVE",
    confidence: 0.87654321,
    uncertain: false,
    probabilities: { NEGATIVE: 0.1, NEUTRAL: 0.02345679, POSITIVE: 0.87654321 },
    model: { name: "opinionlens", version: 3 },
  };

  it("adds the columns of predictions, and leaves the file's own alone", () => {
    const [head, first, second] = predictedRows(
      ["prediction", "text"],
      [
        { cells: ["mine", "fine"], answer },
        { cells: ["", ""], error: "the text is missing or empty" },
      ],
    );
    assert.deepEqual(head.slice(0, 4), ["input_prediction", "text", "prediction", "confidence"]);
    assert.deepEqual(head.slice(4), [
      "uncertain",
      "p_negative",
      "p_neutral",
      "p_positive",
      "model_name",
      "model_version",
      "error",
    ]);
    assert.deepEqual(first, ["mine", "fine", "POSITIVE", 0.876543, false, 0.1, 0.023457, 0.876543, "opinionlens", 3, ""]);
    assert.deepEqual(second, ["", "", "", "", "", "", "", "", "", "", "the text is missing or empty"]);
  });

  it("gives short rows as many cells as the longest has", () => {
    const rows = predictedRows(["a"], [{ cells: ["x", "y"] }, { cells: [] }]);
    assert.deepEqual(
      rows.map((row) => row.length),
      [11, 11, 11],
    );
  });
});
