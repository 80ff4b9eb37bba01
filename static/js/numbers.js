// Numbers as the pages write them.

const whole = new Intl.NumberFormat("en");
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** 12345 → "12,345". */
export const count = (number) => whole.format(number);

/** "1 text", "2 texts". */
export const counted = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** A share in whole per cent, but never 100 or 0 for what is not quite that; as pages.percent has it. */
export function percent(share) {
  if (share >= 0.995 && share < 1) return "> 99 %";
  if (share > 0 && share < 0.005) return "< 1 %";
  return `${Math.round(share * 100)} %`;
}

/** Bytes as people speak of them. */
export function size(bytes) {
  if (bytes < 1_000) return `${bytes} bytes`;
  for (const [unit, name] of [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ]) {
    if (bytes >= unit) return `${(bytes / unit).toFixed(bytes / unit < 10 ? 1 : 0)} ${name}`;
  }
}

/** An ISO time in this browser's zone. */
export const dateOf = (iso) => day.format(new Date(iso));
export const timeOf = (iso) => moment.format(new Date(iso));

export const capitalised = (label) => label[0] + label.slice(1).toLowerCase();
