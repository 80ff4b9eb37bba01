// @ts-check
// Which row names the columns, and which column holds the texts. A guess; the page lets one choose.

const TEXT_NAMES = [
  "text",
  "texts",
  "content",
  "body",
  "message",
  "comment",
  "comments",
  "review",
  "reviews",
  "reviewtext",
  "tweet",
  "post",
  "feedback",
  "opinion",
  "sentence",
  "description",
  "summary",
];
const SAMPLE = 200;

/** @param {string} name */
const plain = (name) =>
  name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z]/g, "");
/** @param {string} cell */
const looksNumeric = (cell) => cell.trim() !== "" && !Number.isNaN(Number(cell.replaceAll(/[,%]/g, "")));
/** @param {number[]} numbers */
const mean = (numbers) => (numbers.length ? numbers.reduce((sum, number) => sum + number, 0) / numbers.length : 0);

/**
 * Whether the first record names the columns: short, different, no numbers, and unlike what follows.
 * @param {string[][]} records
 */
export function guessHeader(records) {
  const [first, ...rest] = records.slice(0, SAMPLE);
  if (!first || rest.length === 0) return false;
  if (first.some((cell) => !cell.trim() || looksNumeric(cell) || cell.length > 60)) return false;
  if (new Set(first.map(plain)).size < first.length) return false;
  if (first.some((cell) => TEXT_NAMES.includes(plain(cell)))) return true;
  return first.some((cell, column) => {
    const below = rest.map((record) => record[column] ?? "").filter((other) => other.trim());
    if (below.length === 0) return false;
    return below.every(looksNumeric) || mean(below.map((other) => other.length)) > 2.5 * cell.length;
  });
}

/**
 * The column with a name that texts have, else the one with the longest cells.
 * @param {string[]} names
 * @param {string[][]} records
 */
export function guessColumn(names, records) {
  const known = TEXT_NAMES.flatMap((name) => names.findIndex((given) => plain(given) === name));
  const named = known.find((index) => index >= 0);
  if (named !== undefined) return named;
  const lengths = names.map((_, column) =>
    mean(records.slice(0, SAMPLE).map((record) => (looksNumeric(record[column] ?? "") ? 0 : (record[column] ?? "").length))),
  );
  return Math.max(0, lengths.indexOf(Math.max(...lengths)));
}

/**
 * What the columns are called where nothing names them; never two alike.
 * @param {string[][]} records
 * @param {boolean} hasHeader
 */
export function columnNames(records, hasHeader) {
  const width = records.reduce((most, record) => Math.max(most, record.length), 0);
  const header = hasHeader ? records[0] : [];
  return Array.from({ length: width }, (_, index) => header[index]?.trim() || `Column ${index + 1}`);
}
