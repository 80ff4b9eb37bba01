import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { binaryProblem, decode, guessEncoding } from "../../../static/js/files/encoding.js";

const bytes = (...values) => Uint8Array.from(values);
const utf8 = (text) => new TextEncoder().encode(text);
const utf16 = (text, mark = true) =>
  bytes(...(mark ? [0xff, 0xfe] : []), ...[...text].flatMap((sign) => [sign.charCodeAt(0), 0]));

describe("the encoding", () => {
  it("is found by its mark or by what fits", () => {
    assert.equal(guessEncoding(utf8("Grüße")), "utf-8");
    assert.equal(guessEncoding(bytes(0xef, 0xbb, 0xbf, 0x61)), "utf-8-sig");
    assert.equal(guessEncoding(utf16("a text")), "utf-16");
    assert.equal(guessEncoding(utf16("a text", false)), "utf-16");
    assert.equal(guessEncoding(bytes(0x47, 0xfc)), "windows-1252");
  });
});

describe("decoding", () => {
  it("gives the text", () => {
    assert.deepEqual(decode(bytes(0xef, 0xbb, 0xbf, 0x61), "utf-8-sig"), { text: "a" });
    assert.deepEqual(decode(utf16("hi"), "utf-16"), { text: "hi" });
    assert.deepEqual(decode(bytes(0x80), "windows-1252"), { text: "€" });
    assert.deepEqual(decode(bytes(0x80), "latin-1"), { text: "\u0080" });
  });

  it("says where an encoding does not fit", () => {
    assert.deepEqual(decode(bytes(0x47, 0xfc), "utf-8"), { problem: "The file is not utf-8. Choose another encoding." });
  });

  it("takes more bytes than a call has room for", () => {
    assert.equal(decode(new Uint8Array(200_000).fill(0x61), "latin-1").text.length, 200_000);
  });
});

describe("files that are no text", () => {
  it("are named", () => {
    assert.match(binaryProblem(bytes(0x50, 0x4b, 0x03, 0x04, 0)), /Excel workbook/);
    assert.match(binaryProblem(utf8("%PDF-1.7")), /PDF/);
    assert.match(binaryProblem(bytes(0x1f, 0x8b, 8)), /compressed/);
    assert.match(binaryProblem(bytes(0x61, 0, 0, 0, 0x62)), /not a text file/);
  });

  it("are not mixed up with texts", () => {
    assert.equal(binaryProblem(utf8("a, b\n")), null);
    assert.equal(binaryProblem(utf16("a, b\n")), null);
  });
});
