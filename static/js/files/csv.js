// Reads and writes delimited text (RFC 4180, and what programs make of it).

/** Comma first: of two that fit, it wins. */
export const DELIMITERS = [",", ";", "\t", "|"];

const SAMPLE_CHARS = 64_000;
const SAMPLE_RECORDS = 50;

/**
 * Returns `{records, unclosed}`: rows of cells, blank lines left out, and the line of a quotation mark that is never
 * closed (null when all are). A quote counts only where a cell begins; inside one, two stand for one.
 */
export function parseDelimited(text, delimiter, most = Infinity) {
  const records = [];
  let cells = [];
  let position = 0;
  let line = 1;
  let unclosed = null;

  const endRecord = () => {
    if (cells.length > 1 || cells[0] !== "") records.push(cells);
    cells = [];
  };

  while (position < text.length && records.length < most) {
    let cell = "";
    if (text[position] === '"') {
      const opened = line;
      const end = closingQuote(text, position + 1);
      if (end < 0) {
        unclosed = opened;
        break;
      }
      const inside = text.slice(position + 1, end);
      line += lineBreaks(inside);
      cell = inside.replaceAll('""', '"');
      position = end + 1;
    }
    const end = endOfPlain(text, position, delimiter);
    cell += text.slice(position, end); // after a closing quote nothing should follow; what does is kept
    cells.push(cell);
    position = end;
    if (text[position] === delimiter) {
      position += 1;
      if (position === text.length) cells.push("");
      else continue;
    } else {
      if (text[position] === "\r" && text[position + 1] === "\n") position += 1;
      position += 1;
      line += 1;
    }
    endRecord();
  }
  if (cells.length) endRecord();
  return { records, unclosed };
}

function closingQuote(text, from) {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

function endOfPlain(text, from, delimiter) {
  let at = from;
  while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return at;
}

const lineBreaks = (text) => text.split(/\r\n|\r|\n/).length - 1;

/** The delimiter that cuts most rows into the same number of cells, more than one; a comma when none does. */
export function guessDelimiter(text) {
  const sample = text.slice(0, SAMPLE_CHARS);
  const ranked = DELIMITERS.map((delimiter) => {
    const widths = parseDelimited(sample, delimiter, SAMPLE_RECORDS).records.map((cells) => cells.length);
    return { delimiter, share: shareOfCommonest(widths.filter((width) => width > 1), widths.length) };
  });
  return ranked.reduce((best, next) => (next.share > best.share + 0.01 ? next : best)).delimiter;
}

function shareOfCommonest(values, of) {
  const times = new Map();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  return of ? Math.max(0, ...times.values()) / of : 0;
}

/** One text a line; blank lines are left out. */
export function parseLines(text) {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.filter((line) => line.trim()).map((line) => [line]);
}

// Where a spreadsheet may begin a formula (CWE-1236), in full-width forms and in lines inside a cell, too; numbers stay.
const SUSPECT = /(^|(?<=[\r\n]))(?=[=+\-@\t\r＝＋－＠])/g;
const NUMBER = /^[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s?%?$/;

export const neutralised = (cell) => (NUMBER.test(cell) ? cell : cell.replaceAll(SUSPECT, "'"));

/**
 * Rows as CSV that spreadsheets open as text: with the mark they know UTF-8 by, and no cell that is a formula. Returns
 * `{text, changed}`: the file, and how many cells got an apostrophe.
 */
export function toCsv(rows) {
  let changed = 0;
  const written = (value) => {
    const cell = String(value ?? "");
    const safe = neutralised(cell);
    changed += safe === cell ? 0 : 1;
    return quoted(safe);
  };
  const lines = rows.map((row) => row.map(written).join(","));
  return { text: `\uFEFF${lines.join("\r\n")}\r\n`, changed };
}

const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
