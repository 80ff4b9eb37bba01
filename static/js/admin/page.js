// What the pages of the admins share: filling templates, saying what happened, asking the API as an admin.

import { call } from "../api.js";

export const slot = (name, within) => within.querySelector(`[data-slot="${name}"]`);

const alert = document.getElementById("alert");
const done = document.getElementById("done");

/** A copy of a template's element. */
export const copyOf = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** Puts texts into the slots of an element. */
export function fill(element, texts) {
  for (const [name, text] of Object.entries(texts)) slot(name, element).textContent = text;
  return element;
}

/** Says in words what went wrong; null takes the words away. */
export function complain(words) {
  alert.textContent = words ?? "";
  alert.hidden = !words;
  if (words) {
    done.textContent = "";
    alert.scrollIntoView({ block: "nearest" });
  }
}

/** Says what has been done. */
export function announce(words) {
  complain(null);
  done.textContent = words;
}

/** As `call`; a login that has ended leads to the login page and back. */
export async function ask(path, options) {
  const reply = await call(path, options);
  if (reply.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  return reply;
}

/** A small mark beside a name. */
export function tag(words, kind) {
  const element = document.createElement("span");
  element.className = "tag";
  element.textContent = words;
  if (kind) element.dataset.kind = kind;
  return element;
}

// The space does not break: a name stays with its number.
export const nameOf = ({ model_name, model_version }) => `${model_name}\u00a0${model_version}`;

/** "opinionlens-3" → "opinionlens 3"; a name may hold dashes. */
export const nameOfId = (id) => id.replace(/-(\d+)$/, "\u00a0$1");

export const cardAddress = (id) => `/admin/models/${encodeURIComponent(id)}`;
