import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { linesOf, parseDelimited } from "../../../static/js/files/records.js";

describe("lines", () => {
  it("keep their ends", () => {
    assert.deepEqual(linesOf("a\r\nb\rc\nd"), ["a\r\n", "b\r", "c\n", "d"]);
    assert.deepEqual(linesOf(""), []);
  });
});

describe("records", () => {
  it("follow RFC 4180 where a file does", () => {
    assert.deepEqual(parseDelimited('a,b\r\n"x ""y"", z",2\r\n"two\r\nlines",\r\n', ","), [
      ["a", "b"],
      ['x "y", z', "2"],
      ["two\r\nlines", ""],
    ]);
  });

  it("leave out blank lines and the line that names the delimiter", () => {
    assert.deepEqual(parseDelimited("sep=;\n\na;b\n\n1;2\n", ";"), [
      ["a", "b"],
      ["1", "2"],
    ]);
  });

  it("stop after as many as were asked for", () => {
    assert.deepEqual(parseDelimited("a\nb\nc\n", ",", 2), [["a"], ["b"]]);
  });

  it("take blanks before a mark and backslashes before marks as other writers do", () => {
    assert.deepEqual(parseDelimited('id, "text"\n1, "Hello, you"\n', ","), [
      ["id", "text"],
      ["1", "Hello, you"],
    ]);
    assert.deepEqual(parseDelimited('id,text\n1,"He said \\"great\\", twice"\n', ",")[1], ["1", 'He said "great", twice']);
  });

  it("lose no row to a stray mark", () => {
    const rows = Array.from({ length: 40 }, (_, index) => [String(index), `fine ${index}`, index % 3 ? "neg" : "pos"]);
    rows[10][1] = '"best ever';
    rows[30][1] = 'she said so"';
    const text = ["id\ttext\tlabel", ...rows.map((row) => row.join("\t"))].join("\n");
    const found = parseDelimited(text, "\t");
    assert.equal(found.length, 41);
    assert.deepEqual(found.slice(1), rows);
  });
});
