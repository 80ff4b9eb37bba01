// @ts-check
// What the pages of the admins share: filling templates, saying what happened, asking the API as an admin.

import { call } from "../api.js";
import { byId, slot } from "../dom.js";

/** @import { Reply, VersionName } from "../types.js" */

const alert = byId("alert");
const done = byId("done");

/**
 * Puts texts into the slots of an element.
 * @template {HTMLElement} T
 * @param {T} element
 * @param {Record<string, string>} texts
 */
export function fill(element, texts) {
  for (const [name, text] of Object.entries(texts)) slot(name, element).textContent = text;
  return element;
}

/** Says in words what went wrong; null takes the words away. @param {string | null} words */
export function complain(words) {
  alert.textContent = words ?? "";
  alert.hidden = !words;
  if (words) {
    done.textContent = "";
    alert.scrollIntoView({ block: "nearest" });
  }
}

/** Says what has been done. @param {string} words */
export function announce(words) {
  complain(null);
  done.textContent = words;
}

/**
 * As `call`; a login that has ended leads to the login page and back.
 * @template [T=unknown]
 * @param {string} path
 * @param {Parameters<typeof call>[1]} [options]
 * @returns {Promise<Reply<T>>}
 */
export async function ask(path, options) {
  /** @type {Reply<T>} */
  const reply = await call(path, options);
  if (reply.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  return reply;
}

/** A small mark beside a name. @param {string} words @param {string} [kind] */
export function tag(words, kind) {
  const element = document.createElement("span");
  element.className = "tag";
  element.textContent = words;
  if (kind) element.dataset.kind = kind;
  return element;
}

/** The space does not break: a name stays with its number. @param {VersionName} version */
export const nameOf = ({ model_name, model_version }) => `${model_name}\u00a0${model_version}`;

/** "opinionlens-3" → "opinionlens 3"; a name may hold dashes. @param {string} id */
export const nameOfId = (id) => id.replace(/-(\d+)$/, "\u00a0$1");

/** @param {string} id */
export const cardAddress = (id) => `/admin/models/${encodeURIComponent(id)}`;
