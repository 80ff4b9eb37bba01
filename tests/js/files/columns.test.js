import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { columnNames, guessColumn, guessHeader } from "../../../static/js/files/columns.js";

describe("the header", () => {
  it("is known by a name that texts have", () => {
    assert.equal(guessHeader([["Review Text"], ["fine"]]), true);
    assert.equal(
      guessHeader([
        ["ID", "Comment"],
        ["1", "fine"],
      ]),
      true,
    );
  });

  it("is short above long texts, and words above numbers", () => {
    assert.equal(guessHeader([["said"], ["I liked it a lot, all in all"], ["not for me, thank you very much"]]), true);
    assert.equal(guessHeader([["stars"], ["5"], ["1"]]), true);
  });

  it("has no numbers, no blanks and no name twice, and something below it", () => {
    assert.equal(
      guessHeader([
        ["5", "text"],
        ["1", "fine"],
      ]),
      false,
    );
    assert.equal(
      guessHeader([
        ["", "text"],
        ["1", "fine"],
      ]),
      false,
    );
    assert.equal(
      guessHeader([
        ["text", "Text"],
        ["a", "b"],
      ]),
      false,
    );
    assert.equal(guessHeader([["text"]]), false);
    assert.equal(guessHeader([]), false);
  });
});

describe("the column of texts", () => {
  it("is the one named so, the likelier name first", () => {
    assert.equal(guessColumn(["summary", "text"], [["a very long summary of it all", "b"]]), 1);
  });

  it("is else the one with the longest cells that are no numbers", () => {
    assert.equal(guessColumn(["a", "b", "c"], [["x", "a longer one", "123456789012345"]]), 1);
    assert.equal(guessColumn([], []), 0);
  });
});

it("names columns that have no name", () => {
  assert.deepEqual(
    columnNames(
      [
        ["id", " "],
        ["1", "2", "3"],
      ],
      true,
    ),
    ["id", "Column 2", "Column 3"],
  );
  assert.deepEqual(columnNames([["1", "2"]], false), ["Column 1", "Column 2"]);
});
