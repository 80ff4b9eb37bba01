// @ts-check
// Every version that the registry has, loaded or not, and how to fetch one.

import { button, byId, copyOf, field, find, slot } from "../dom.js";
import { count, dateOf } from "../numbers.js";
import { decide } from "./decision.js";
import { startFetch } from "./fetches.js";
import { showProblem } from "./loaded.js";
import { ask, complain, fill, nameOf, tag } from "./page.js";
import { score } from "./scores.js";

/** @import { Registered, Reply } from "../types.js" */

const PAGE_ROWS = 10;
const TYPING_PAUSE = 250;

const section = byId("registry");
const table = find("table", section);
const view = { offset: 0, name: "", turn: 0 };

/** Shows the page of the registry that is looked at. */
export async function showRegistry() {
  const turn = ++view.turn;
  const query = new URLSearchParams({ limit: String(PAGE_ROWS), offset: String(view.offset) });
  if (view.name) query.set("name", view.name);
  /** @type {Reply<{ versions: Registered[], total: number }>} */
  const reply = await ask(`/api/v1/models/registry?${query}`);
  if (turn !== view.turn) return; // another page has been asked for meanwhile
  const versions = reply.answer?.versions ?? [];
  const none = slot("none", section);
  none.textContent = reply.problem ?? (view.name ? "No version has such a name." : "The registry has no versions yet.");
  none.toggleAttribute("data-problem", Boolean(reply.problem));
  none.hidden = versions.length > 0;
  table.hidden = versions.length === 0;
  slot("rows", section).replaceChildren(...versions.map(row));
  showPager(versions.length, reply.answer?.total ?? 0);
}

/** @param {number} shown @param {number} total */
function showPager(shown, total) {
  slot("pager", section).hidden = total <= PAGE_ROWS;
  slot("page", section).textContent = `${count(view.offset + 1)}–${count(view.offset + shown)} of ${count(total)}`;
  button("back", section).disabled = view.offset === 0;
  button("on", section).disabled = view.offset + shown >= total;
}

/** @param {Registered} version */
function row(version) {
  const line = fill(copyOf("registered-row"), {
    name: nameOf(version),
    kind: version.kind ?? "",
    macro_f1: score(version.scores?.macro_f1),
    accuracy: score(version.scores?.accuracy),
    ece: score(version.scores?.ece),
    created: version.created ? dateOf(version.created) : "–",
  });
  const tags = slot("tags", line);
  if (version.is_active) tags.append(tag("Active", "active"));
  else if (version.is_loaded) tags.append(tag("Loaded"));
  for (const alias of version.aliases) tags.append(" ", tag(alias, "alias"));
  if (!version.servable) {
    tags.append(" ", tag("Cannot be served", "refused"));
    showProblem(line, version.why_not_servable);
  }
  const get = button("fetch", line);
  if (!version.servable || version.is_loaded) {
    get.remove();
  } else {
    get.setAttribute("aria-label", `Fetch ${nameOf(version)}`);
    get.onclick = () => askToFetch(version);
  }
  return line;
}

/** @param {Registered} version */
function askToFetch(version) {
  decide({
    title: `Fetch ${nameOf(version)}?`,
    words: "It is downloaded, checked and tested on this server. What answers now goes on answering.",
    optionWords: "Let it answer as soon as it is loaded",
    confirmWords: "Fetch",
    act: ({ why, option }) => startFetch({ ...version, set_default: option, why: option ? why : undefined }),
    settled: (reply) => complain(reply.problem ?? null),
  });
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;
const sought = byId("registry-name", HTMLInputElement);
find("form.search", section).addEventListener("submit", (event) => event.preventDefault());
sought.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    view.name = sought.value.trim();
    view.offset = 0;
    showRegistry();
  }, TYPING_PAUSE);
});
button("back", section).addEventListener("click", () => turnPage(-PAGE_ROWS));
button("on", section).addEventListener("click", () => turnPage(PAGE_ROWS));

/** @param {number} by */
function turnPage(by) {
  view.offset = Math.max(0, view.offset + by);
  showRegistry();
}

const byHand = byId("fetch-form", HTMLFormElement);
byHand.addEventListener("submit", async (event) => {
  event.preventDefault();
  const reply = await startFetch({
    model_name: field(byHand, "model_name").value.trim(),
    model_version: Number(field(byHand, "model_version").value),
    set_default: field(byHand, "set_default").checked,
  });
  complain(reply.problem ?? null);
});
