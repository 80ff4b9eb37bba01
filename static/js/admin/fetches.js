// Fetches under way, live: the server sends each step, so a closed tab loses nothing and a second one sees the same.

import { percent, size, timeOf } from "../numbers.js";
import { ask, copyOf, fill, nameOf, slot } from "./page.js";

const FINAL = new Set(["done", "failed", "refused"]);
const SHOWN_FOR = 3_600_000; // milliseconds that a fetch stays on the page after its end
const MOST_SHOWN = 6;
const DISMISSED = "dismissed-fetches";

const section = document.getElementById("fetches");
const list = slot("list", section);
const items = new Map(); // fetch_id → {element, source, fetch}

let whenOver = () => {};

/** Lists what is under way and what ended lately; `onEnd` is called whenever one of them ends. */
export async function showFetches(onEnd) {
  whenOver = onEnd;
  const reply = await ask("/api/v1/models/fetches/");
  if (reply.problem) return;
  for (const fetch of reply.answer.filter(isShown).slice(0, MOST_SHOWN).reverse()) follow(fetch);
}

/** Starts a fetch; returns the API's reply. */
export async function startFetch({ model_name, model_version, set_default, why }) {
  const body = { model_name, model_version, set_default, ...(why ? { why } : {}) };
  const reply = await ask("/api/v1/models/?wait=false", { method: "POST", body });
  if (reply.answer) {
    follow(reply.answer);
    items.get(reply.answer.fetch_id).element.scrollIntoView({ block: "nearest" });
  }
  return reply;
}

function isShown(fetch) {
  if (!FINAL.has(fetch.state)) return true;
  if (dismissed().includes(fetch.fetch_id)) return false;
  return Date.now() - Date.parse(fetch.ended_at ?? fetch.started_at) < SHOWN_FOR;
}

function follow(fetch) {
  if (!items.has(fetch.fetch_id)) {
    const element = copyOf("fetch-item");
    slot("dismiss", element).onclick = () => dismiss(fetch.fetch_id);
    list.prepend(element);
    items.set(fetch.fetch_id, { element, source: null });
  }
  const item = items.get(fetch.fetch_id);
  show(item, fetch);
  section.hidden = false;
  if (!FINAL.has(fetch.state) && !item.source) listen(item, fetch.fetch_id);
}

function listen(item, id) {
  const address = `/api/v1/models/fetches/${encodeURIComponent(id)}`;
  item.source = new EventSource(`${address}/events`);
  item.source.addEventListener("progress", ({ data }) => {
    const fetch = JSON.parse(data);
    show(item, fetch);
    if (FINAL.has(fetch.state)) {
      item.source.close();
      whenOver(fetch);
    }
  });
  // The browser connects again by itself, except where the server says that there is nothing.
  item.source.addEventListener("error", async () => {
    if (item.source.readyState !== EventSource.CLOSED) return;
    const reply = await ask(address);
    if (reply.answer) show(item, reply.answer);
    else showProblem(item, reply.problem);
    whenOver(reply.answer);
  });
}

function show(item, fetch) {
  const { element } = item;
  const meter = slot("meter", element);
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
  slot("dismiss", element).hidden = !isOver;
  slot("dismiss", element).setAttribute("aria-label", `Dismiss the fetch of ${nameOf(fetch)}`);
  showProblem(item, fetch.problem);
}

function showProblem({ element }, words) {
  const place = slot("problem", element);
  place.hidden = !words;
  place.textContent = (words ?? "").replaceAll("`", "");
}

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

function dismissed() {
  try {
    return JSON.parse(localStorage.getItem(DISMISSED) ?? "[]");
  } catch {
    return [];
  }
}

function dismiss(id) {
  try {
    localStorage.setItem(DISMISSED, JSON.stringify([...dismissed(), id].slice(-50)));
  } catch {
    // Gone from this page all the same.
  }
  items.get(id).element.remove();
  items.delete(id);
  section.hidden = items.size === 0;
  document.getElementById("loaded-title").closest("section").querySelector("a, button")?.focus();
}
