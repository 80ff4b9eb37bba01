// @ts-check
// Numbers as the pages write them.

/** @type {[number, string][]} */
const UNITS = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];
const whole = new Intl.NumberFormat("en");
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** 12345 → "12,345". @param {number} number */
export const count = (number) => whole.format(number);

/**
 * "1 text", "2 texts".
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
export const counted = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/**
 * A share in whole per cent, but never 100 or 0 for what is not quite that; as pages.percent has it.
 * @param {number} share
 */
export function percent(share) {
  if (share >= 0.995 && share < 1) return "> 99 %";
  if (share > 0 && share < 0.005) return "< 1 %";
  return `${Math.round(share * 100)} %`;
}

/** Bytes with a unit. @param {number} bytes */
export function size(bytes) {
  const known = UNITS.find(([unit]) => bytes >= unit);
  if (!known) return `${bytes} bytes`;
  const [unit, name] = known;
  return `${(bytes / unit).toFixed(bytes / unit < 10 ? 1 : 0)} ${name}`;
}

/** The day of an ISO time in this browser's zone. @param {string} iso */
export const dateOf = (iso) => day.format(new Date(iso));
/** Day and time of an ISO time in this browser's zone. @param {string} iso */
export const timeOf = (iso) => moment.format(new Date(iso));

/** "NEGATIVE" → "Negative". @param {string} label */
export const capitalised = (label) => label[0] + label.slice(1).toLowerCase();
