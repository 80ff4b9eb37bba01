// @ts-check
// Fetches under way, live: the server sends each step, so a closed tab loses nothing and a second one sees the same.

import { button, byId, copyOf, slot } from "../dom.js";
import { percent, size, timeOf } from "../numbers.js";
import { ask, fill, nameOf } from "./page.js";

/** @import { Fetch, Reply } from "../types.js" */
/** A fetch on the page. @typedef {{ element: HTMLElement, source: EventSource | null }} Item */

const FINAL = new Set(["done", "failed", "refused"]);
const SHOWN_FOR = 3_600_000; // milliseconds that a fetch stays on the page after its end
const MOST_SHOWN = 6;
const DISMISSED = "dismissed-fetches";

const section = byId("fetches");
const list = slot("list", section);
/** By fetch_id. @type {Map<string, Item>} */
const items = new Map();

/** @type {() => unknown} */
let whenOver = () => {};

/**
 * Lists what is under way and what ended lately; returns whether the server told.
 * @param {() => unknown} onEnd is called whenever one of them ends
 */
export async function showFetches(onEnd) {
  whenOver = onEnd;
  /** @type {Reply<Fetch[]>} */
  const reply = await ask("/api/v1/models/fetches/");
  if (reply.problem !== undefined) return false;
  for (const fetch of reply.answer.filter(isShown).slice(0, MOST_SHOWN).reverse()) follow(fetch);
  return true;
}

/**
 * Starts a fetch; returns the API's reply.
 * @param {{ model_name: string, model_version: number, set_default: boolean, why?: string }} order
 */
export async function startFetch({ model_name, model_version, set_default, why }) {
  const body = { model_name, model_version, set_default, ...(why ? { why } : {}) };
  /** @type {Reply<Fetch>} */
  const reply = await ask("/api/v1/models/?wait=false", { method: "POST", body });
  if (reply.answer) {
    follow(reply.answer).element.scrollIntoView({ block: "nearest" });
  }
  return reply;
}

/** @param {Fetch} fetch */
function isShown(fetch) {
  if (!FINAL.has(fetch.state)) return true;
  if (dismissed().includes(fetch.fetch_id)) return false;
  return Date.now() - Date.parse(fetch.ended_at ?? fetch.started_at) < SHOWN_FOR;
}

/** Shows a fetch from now on. @param {Fetch} fetch */
function follow(fetch) {
  const item = items.get(fetch.fetch_id) ?? added(fetch.fetch_id);
  show(item, fetch);
  section.hidden = false;
  if (!FINAL.has(fetch.state) && !item.source) listen(item, fetch.fetch_id);
  return item;
}

/** @param {string} id @returns {Item} */
function added(id) {
  const element = copyOf("fetch-item");
  button("dismiss", element).onclick = () => dismiss(id);
  list.prepend(element);
  const item = { element, source: null };
  items.set(id, item);
  return item;
}

/** @param {Item} item @param {string} id */
function listen(item, id) {
  const address = `/api/v1/models/fetches/${encodeURIComponent(id)}`;
  const source = new EventSource(`${address}/events`);
  item.source = source;
  source.addEventListener("progress", ({ data }) => {
    /** @type {Fetch} */
    const fetch = JSON.parse(data);
    show(item, fetch);
    if (FINAL.has(fetch.state)) {
      source.close();
      whenOver();
    }
  });
  // The browser connects again by itself, except where the server says that there is nothing.
  source.addEventListener("error", async () => {
    if (source.readyState !== EventSource.CLOSED) return;
    /** @type {Reply<Fetch>} */
    const reply = await ask(address);
    if (reply.problem === undefined) show(item, reply.answer);
    else showProblem(item, reply.problem);
    whenOver();
  });
}

/** @param {Item} item @param {Fetch} fetch */
function show(item, fetch) {
  const { element } = item;
  const meter = slot("meter", element, HTMLProgressElement);
  const isOver = FINAL.has(fetch.state);
  element.dataset.state = fetch.state;
  fill(element, {
    name: nameOf(fetch),
    state: stateWords(fetch),
    by: `Started ${timeOf(fetch.started_at)} by ${fetch.by}${fetch.set_default ? ", to be set active" : ""}`,
  });
  meter.hidden = isOver;
  meter.setAttribute("aria-label", `Fetch of ${nameOf(fetch)}`);
  if (fetch.state === "downloading" && fetch.bytes_total) meter.value = fetch.bytes_done / fetch.bytes_total;
  else if (fetch.state === "downloading" || fetch.state === "waiting") meter.removeAttribute("value");
  else meter.value = 1;
  const away = button("dismiss", element);
  away.hidden = !isOver;
  away.setAttribute("aria-label", `Dismiss the fetch of ${nameOf(fetch)}`);
  showProblem(item, fetch.problem);
}

/** @param {Item} item @param {string | null} words */
function showProblem({ element }, words) {
  const place = slot("problem", element);
  place.hidden = !words;
  place.textContent = (words ?? "").replaceAll("`", "");
}

/** @param {Fetch} fetch */
function stateWords({ state, set_default, bytes_done, bytes_total }) {
  switch (state) {
    case "waiting":
      return "Waiting";
    case "downloading":
      if (!bytes_done) return "Downloading";
      return bytes_total
        ? `Downloading, ${size(bytes_done)} of ${size(bytes_total)} (${percent(Math.min(1, bytes_done / bytes_total))})`
        : `Downloading, ${size(bytes_done)}`;
    case "verifying":
      return "Checking the files and testing them";
    case "activating":
      return "Activating";
    case "done":
      return set_default ? "Loaded and active" : "Loaded";
    case "refused":
      return "Refused";
    default:
      return "Failed";
  }
}

/** @returns {string[]} */
function dismissed() {
  try {
    return JSON.parse(localStorage.getItem(DISMISSED) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {string} id */
function dismiss(id) {
  try {
    localStorage.setItem(DISMISSED, JSON.stringify([...dismissed(), id].slice(-50)));
  } catch {
    // Gone from this page all the same.
  }
  items.get(id)?.element.remove();
  items.delete(id);
  section.hidden = items.size === 0;
  /** @type {HTMLElement | null} */ (byId("loaded").querySelector("a, button"))?.focus();
}
