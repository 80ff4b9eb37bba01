// @ts-check
// Which lines of a delimited file are rows, however its quotation marks are placed. The rule is that of the command line
// (docs/decisions/0014-what-quotation-marks-mean.md), in short: a mark that opens a cell and takes rows along opens none.

/**
 * What was taken of a record; `open` is the text of a cell that no mark has closed yet.
 * @typedef {object} State
 * @property {string[]} cells
 * @property {string | null} open
 * @property {boolean} loose
 * @property {boolean} stray
 * @property {boolean} need
 * @property {boolean} doubled
 * @property {boolean} quoted
 */

/**
 * What rows of a file look like.
 * @typedef {object} Shape
 * @property {number} width
 * @property {(line: string) => string[] | null} literal
 * @property {(line: string) => boolean} isRow
 * @property {boolean} isTyped
 * @property {boolean} isTelling
 */

const FEW_VALUES = 12;
const TIMES_EACH = 5;
// How many lines a cell may go on over before they are learned from after all.
const LONGEST_CELL = 1_000;
const NUMBER = /^[+-]?\d[\d.,]*(e[+-]?\d+)?%?$/i;

/** @param {string} line */
const bodyOf = (line) => line.replace(/(\r\n|\n|\r)$/, "");

/**
 * Lines with their ends.
 * @param {string} text
 * @returns {string[]}
 */
export const linesOf = (text) => text.match(/[^\r\n]*(\r\n|\n|\r)|[^\r\n]+$/g) ?? [];

/**
 * Takes cells from a line on.
 * @param {State} state
 * @param {string} line
 * @param {string} delimiter
 * @param {boolean} backslash
 */
function take(state, line, delimiter, backslash) {
  const body = bodyOf(line);
  let at = 0;
  let inside = state.open !== null;
  for (;;) {
    if (!inside) {
      const opening = openingAt(body, at, delimiter);
      if (opening < 0) {
        const found = body.indexOf(delimiter, at);
        const end = found < 0 ? body.length : found;
        const cell = body.slice(at, end);
        state.stray ||= cell.includes('"');
        state.cells.push(cell);
        if (found < 0) return;
        at = found + 1;
        continue;
      }
      state.open = "";
      state.quoted = true;
      at = opening;
    }
    inside = false;
    const closed = closing(state, body, at, delimiter, backslash);
    if (!closed) {
      state.open += line.slice(at);
      return;
    }
    const content = state.open + body.slice(at, closed.mark);
    state.need ||= content.includes(delimiter);
    state.cells.push(content.replaceAll(backslash ? /""|\\["\\]/g : /""/g, (found) => found[1]));
    state.open = null;
    if (!closed.goesOn) return;
    at = closed.next;
  }
}

/**
 * Where the inside of a quoted cell begins, or -1; blanks may stand before its mark.
 * @param {string} body
 * @param {number} from
 * @param {string} delimiter
 */
function openingAt(body, from, delimiter) {
  let at = from;
  while (body[at] === " " || (body[at] === "\t" && delimiter !== "\t")) at += 1;
  return body[at] === '"' ? at + 1 : -1;
}

/**
 * Where the mark is that closes a cell, or null.
 * @param {State} state
 * @param {string} body
 * @param {number} from
 * @param {string} delimiter
 * @param {boolean} backslash
 * @returns {{ mark: number, goesOn: boolean, next: number } | null}
 */
function closing(state, body, from, delimiter, backslash) {
  for (let at = from; at < body.length; at += 1) {
    if (backslash && body[at] === "\\" && (body[at + 1] === '"' || body[at + 1] === "\\")) {
      state.doubled = true;
      at += 1;
    } else if (body[at] === '"' && body[at + 1] === '"') {
      state.doubled = true;
      at += 1;
    } else if (body[at] === '"') {
      let next = at + 1;
      while (body[next] === " " || (body[next] === "\t" && delimiter !== "\t")) next += 1;
      if (next === body.length) return { mark: at, goesOn: false, next };
      if (body[next] === delimiter) return { mark: at, goesOn: true, next: next + 1 };
      state.loose = true;
    }
  }
  return null;
}

/**
 * @param {string} line
 * @param {string} delimiter
 * @param {boolean} backslash
 * @returns {State}
 */
function started(line, delimiter, backslash) {
  const state = { cells: [], open: null, loose: false, stray: false, need: false, doubled: false, quoted: false };
  take(state, line, delimiter, backslash);
  return state;
}

/**
 * What rows look like: how many cells, and which columns hold numbers or a few values only.
 * @param {string[]} lines
 * @param {string} delimiter
 * @param {number} width
 * @returns {Shape}
 */
function shapeOf(lines, delimiter, width) {
  const columns = Array.from({ length: width }, () => ({
    seen: 0,
    numbers: 0,
    values: /** @type {Map<string, number>} */ (new Map()),
  }));
  /** @type {State | null} */
  let inside = null;
  let opened = 0;
  for (const [number, line] of lines.slice(1).entries()) {
    if (inside && number - opened < LONGEST_CELL) {
      take(inside, line, delimiter, false);
      if (inside.open === null) inside = null;
      continue;
    }
    opened = number;
    inside = null;
    const state = line.includes('"') ? started(line, delimiter, false) : null;
    if (state && state.open !== null && !state.loose) {
      inside = state;
      continue;
    }
    const cells = state && !state.loose && !state.stray ? state.cells : bodyOf(line).split(delimiter);
    if (cells.length !== width) continue;
    cells.forEach((cell, index) => {
      const column = columns[index];
      const value = plainValue(cell);
      column.seen += 1;
      column.numbers += Number(NUMBER.test(value));
      if (column.values.size < 200 || column.values.has(value)) {
        column.values.set(value, (column.values.get(value) ?? 0) + 1);
      }
    });
  }
  const settled = columns.map(({ seen, numbers, values }) => {
    const common = [...values].sort((one, other) => other[1] - one[1]).slice(0, FEW_VALUES);
    const covered = common.reduce((sum, [, times]) => sum + times, 0);
    const short = common.every(([value]) => value.split(" ").length <= 2);
    const few = seen > 0 && covered >= 0.95 * seen && seen >= TIMES_EACH * common.length && short;
    return {
      isNumeric: seen >= 2 && numbers >= 0.95 * seen,
      few: few ? new Set(common.map(([value]) => value)) : null,
    };
  });
  /** @param {{ isNumeric: boolean, few: Set<string> | null }} column @param {string} cell */
  const admits = ({ isNumeric, few }, cell) => {
    const value = plainValue(cell);
    if (few?.has(value)) return true;
    return isNumeric ? NUMBER.test(value) : !few;
  };
  /** @param {string[]} cells */
  const fits = (cells) => cells.length === width && cells.every((cell, index) => admits(settled[index], cell));
  /** @param {string} line */
  const literal = (line) => {
    const cells = width > 1 ? bodyOf(line).split(delimiter) : [bodyOf(line)];
    return width === 1 || fits(cells) ? cells : null;
  };
  /** @param {string} line */
  const isRow = (line) => {
    if (width === 1) return false;
    if (literal(line)) return true;
    const state = started(line, delimiter, false);
    return state.open === null && !state.loose && !state.stray && fits(state.cells);
  };
  const isTyped = settled.some(({ isNumeric, few }) => isNumeric || few !== null);
  return { width, literal, isRow, isTyped, isTelling: isTyped || "\t|".includes(delimiter) };
}

/** @param {string} cell */
const plainValue = (cell) =>
  cell
    .slice(0, 80)
    .trim()
    .replaceAll(/^"+|"+$/g, "")
    .toLowerCase();
/** @param {boolean[]} flags */
const mostly = (flags) => 2 * flags.filter(Boolean).length >= flags.length;

/**
 * The lines that a quoted cell takes along: rows of their own, or lines of one text?
 * @param {State} state
 * @param {string[]} taken
 * @param {Shape} shape
 */
function isDoubtful(state, taken, shape) {
  const rows = taken.slice(1).filter(bodyOf).map(shape.isRow);
  if (state.loose || state.cells.length !== shape.width) return state.loose || rows.some(Boolean);
  const first = shape.isRow(taken[0]);
  const between = rows.slice(0, -1);
  if (!shape.isTelling || (state.doubled && !shape.isTyped)) return first && rows.length > 1 && rows.every(Boolean);
  return first ? rows.at(-1) === true && mostly(between) : between.length > 0 && mostly(between);
}

/**
 * All records of the lines; `marks` counts what speaks for and against marks that quote.
 * @param {string[]} lines
 * @param {string} delimiter
 * @param {{ backslash: boolean, shape: Shape | null, most: number }} form
 */
function recordsOf(lines, delimiter, { backslash, shape, most }) {
  /** @type {string[][]} */
  const records = [];
  const marks = { against: 0, closed: 0, need: 0, doubled: 0 };
  let at = 0;
  /** @param {string} line @param {State} state */
  const alone = (line, state) => {
    marks.against += 1;
    if (state.open === null && state.cells.length === shape?.width) return state.cells;
    const cells = shape?.literal(line) ?? bodyOf(line).split(delimiter);
    const most = shape?.width ?? cells.length;
    return cells.length > most ? [...cells.slice(0, most - 1), cells.slice(most - 1).join(delimiter)] : cells;
  };
  while (at < lines.length && records.length < most) {
    const first = lines[at];
    at += 1;
    if (!bodyOf(first)) continue;
    const state = started(first, delimiter, backslash);
    if (state.open === null && !state.loose) {
      const asWritten = shape && state.cells.length !== shape.width && (state.stray || shape.width === 1);
      marks.closed += Number(state.quoted);
      marks.need += Number(state.need);
      marks.doubled += Number(state.doubled);
      marks.against += Number((state.stray && !state.quoted) || Boolean(asWritten));
      records.push((asWritten && shape.literal(first)) || state.cells);
      continue;
    }
    const begun = at;
    while (!state.loose && state.open !== null && at < lines.length) take(state, lines[at++], delimiter, backslash);
    const taken = lines.slice(begun - 1, at);
    if (state.open === null && taken.length > 1 && !(shape && isDoubtful(state, taken, shape))) {
      marks.need += 1;
      records.push(state.cells);
      continue;
    }
    at = begun;
    records.push(alone(first, state));
  }
  return { records, marks };
}

/**
 * Rows of cells; blank lines are left out.
 * @param {string} text
 * @param {string} delimiter
 * @param {number} [most]
 * @returns {string[][]}
 */
export function parseDelimited(text, delimiter, most = Infinity) {
  const lines = linesOf(text.replace(/^sep=.(\r\n|\n|\r)/i, ""));
  const header = recordsOf(lines, delimiter, { backslash: false, shape: null, most: 1 }).records[0] ?? [];
  const shape = shapeOf(lines, delimiter, header.length);
  const forms = [false, true].map((backslash) => ({ backslash, ...recordsOf(lines, delimiter, { backslash, shape, most }) }));
  const best = forms[1].marks.against < forms[0].marks.against ? forms[1] : forms[0];
  const { against, closed, need, doubled } = best.marks;
  const isUsual = shape.width > 1 && ",;".includes(delimiter) && closed >= against;
  const isQuoted = against === 0 || isUsual || 2 * closed > best.records.length || 10 * need > against || 20 * doubled > against;
  if (isQuoted) return best.records;
  const bodies = lines.map(bodyOf).filter(Boolean).slice(0, most);
  return bodies.map((body) => (shape.width > 1 ? body.split(delimiter) : [body]));
}
