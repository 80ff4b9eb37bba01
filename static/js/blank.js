// @ts-check
// Whether anything of a text can be seen. The members of the class are those of src/opinionlens/text/blank.py.

const SEEN = new RegExp(
  "[^\\u0000-\\u0020\\u007f-\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200f" +
    "\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb" +
    "\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]",
  "u",
);

/** Whether a text holds no visible character. @param {string} text */
export const isBlank = (text) => !SEEN.test(text);
