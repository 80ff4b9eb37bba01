// @ts-check
// From the bytes of a file to its text. Nothing is guessed silently: what does not fit is said.

const LOOKED_AT = 4_096;

/** @type {[number[], string][]} */
const SIGNATURES = [
  [[0x50, 0x4b, 0x03, 0x04], "This is an Excel workbook or another zip file. Save the sheet as CSV and choose that."],
  [[0xd0, 0xcf, 0x11, 0xe0], "This is an old Excel or Word file. Save the sheet as CSV and choose that."],
  [[0x25, 0x50, 0x44, 0x46], "This is a PDF. Copy its texts into a TXT file, one a line."],
  [[0x1f, 0x8b], "This file is compressed. Unpack it first."],
];

/** @param {Uint8Array} bytes @param {number[]} start */
const startsWith = (bytes, start) => start.every((byte, index) => bytes[index] === byte);

/** Why these bytes are no text, or null. @param {Uint8Array} bytes */
export function binaryProblem(bytes) {
  for (const [start, words] of SIGNATURES) if (startsWith(bytes, start)) return words;
  if (byteOrder(bytes)) return null;
  return bytes.subarray(0, LOOKED_AT).includes(0) ? "This is not a text file: it holds bytes that no text has." : null;
}

/** The first encoding that fits; windows-1252 fits always. @param {Uint8Array} bytes */
export function guessEncoding(bytes) {
  if (startsWith(bytes, [0xef, 0xbb, 0xbf])) return "utf-8-sig";
  if (byteOrder(bytes)) return "utf-16";
  return decode(bytes, "utf-8").problem ? "windows-1252" : "utf-8";
}

/**
 * The text, or why it cannot be read so.
 * @param {Uint8Array} bytes
 * @param {string} encoding
 * @returns {{ text: string, problem?: undefined } | { text?: undefined, problem: string }}
 */
export function decode(bytes, encoding) {
  // Decoded here, as browsers take its name for windows-1252.
  if (encoding === "latin-1") return { text: fromLatin1(bytes) };
  const order = encoding === "utf-16" ? (byteOrder(bytes) ?? "utf-16le") : encoding.replace("-sig", "");
  try {
    return { text: new TextDecoder(order, { fatal: true }).decode(bytes) };
  } catch {
    return { problem: `The file is not ${encoding}. Choose another encoding.` };
  }
}

/**
 * Which UTF-16 it is, by its mark or by where ASCII leaves its zeros; null when it is none.
 * @param {Uint8Array} bytes
 */
function byteOrder(bytes) {
  if (startsWith(bytes, [0xff, 0xfe])) return "utf-16le";
  if (startsWith(bytes, [0xfe, 0xff])) return "utf-16be";
  const zeros = [0, 0];
  const looked = bytes.subarray(0, LOOKED_AT);
  for (let at = 0; at < looked.length; at += 1) {
    if (looked[at] === 0) zeros[at % 2] += 1;
  }
  const [even, odd] = zeros.map((found) => found / (looked.length / 2 || 1));
  if (odd > 0.3 && even < odd / 5) return "utf-16le";
  if (even > 0.3 && odd < even / 5) return "utf-16be";
  return null;
}

/** @param {Uint8Array} bytes */
function fromLatin1(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += 8_192) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 8_192)));
  }
  return pieces.join("");
}
