import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { guessDelimiter, neutralised, parseLines, toCsv } from "../../../static/js/files/csv.js";
import { parseDelimited } from "../../../static/js/files/records.js";

describe("the delimiter", () => {
  for (const [delimiter, text] of [
    [",", "id,text\n1,fine\n2,bad\n"],
    [";", "id;text\n1;well, well\n2;so, so, so\n"],
    ["\t", "id\ttext\n1\ta, b\n2\tc; d\n"],
    ["|", "id|text\n1|x\n2|y\n"],
    [";", "sep=;\na,b;c,d\n"],
    [",", "one column\nonly\n"],
    [",", ""],
  ]) {
    it(`is ${JSON.stringify(delimiter)} in ${JSON.stringify(text)}`, () => {
      assert.equal(guessDelimiter(text), delimiter);
    });
  }
});

describe("lines", () => {
  it("are cut at every kind of line end, and blank ones left out", () => {
    assert.deepEqual(parseLines("a\r\nb\n\n  \rc"), [["a"], ["b"], ["c"]]);
  });
});

describe("cells for spreadsheets", () => {
  it("cannot begin a formula", () => {
    assert.equal(neutralised("=1+1"), "'=1+1");
    assert.equal(neutralised("＠x"), "'＠x");
    assert.equal(neutralised("a\n-b"), "a\n'-b");
  });

  it("keep numbers and everyday texts", () => {
    for (const cell of ["-5", "+1.5e3", "-3,5 %", "x=1", ""]) assert.equal(neutralised(cell), cell);
  });
});

describe("CSV that is written", () => {
  it("begins with the mark of UTF-8 and counts the cells that it changed", () => {
    const { text, changed } = toCsv([
      ["text", "n"],
      ['say "so", please', -5],
      ["=cmd", null],
    ]);
    assert.equal(text, '\ufefftext,n\r\n"say ""so"", please",-5\r\n\'=cmd,\r\n');
    assert.equal(changed, 1);
  });

  it("is read back as it was", () => {
    const rows = [
      ["a", 'b "c"', "d\r\ne"],
      ["", "x,y", " "],
    ];
    assert.deepEqual(parseDelimited(toCsv(rows).text.slice(1), ","), rows);
  });
});
