// Every version that the registry has, loaded or not, and how to fetch one.

import { count, dateOf } from "../numbers.js";
import { decide } from "./decision.js";
import { startFetch } from "./fetches.js";
import { showProblem } from "./loaded.js";
import { ask, complain, copyOf, fill, nameOf, slot, tag } from "./page.js";
import { score } from "./scores.js";

const PAGE_ROWS = 10;
const TYPING_PAUSE = 250;

const section = document.getElementById("registry");
const table = section.querySelector("table");
const view = { offset: 0, name: "", turn: 0 };

/** Shows the page of the registry that is looked at. */
export async function showRegistry() {
  const turn = ++view.turn;
  const query = new URLSearchParams({ limit: PAGE_ROWS, offset: view.offset });
  if (view.name) query.set("name", view.name);
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

function showPager(shown, total) {
  slot("pager", section).hidden = total <= PAGE_ROWS;
  slot("page", section).textContent = `${count(view.offset + 1)}–${count(view.offset + shown)} of ${count(total)}`;
  slot("back", section).disabled = view.offset === 0;
  slot("on", section).disabled = view.offset + shown >= total;
}

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
  const button = slot("fetch", line);
  if (!version.servable || version.is_loaded) {
    button.remove();
  } else {
    button.setAttribute("aria-label", `Fetch ${nameOf(version)}`);
    button.onclick = () => askToFetch(version);
  }
  return line;
}

function askToFetch(version) {
  decide({
    title: `Fetch ${nameOf(version)}?`,
    words: "It is downloaded, checked and tested on this server. What answers now goes on answering.",
    option: "Let it answer as soon as it is loaded",
    confirmWords: "Fetch",
    act: ({ why, option }) => startFetch({ ...version, set_default: option, why: option ? why : undefined }),
    settled: (reply) => complain(reply.problem ?? null),
  });
}

let typing;
section.querySelector("form.search").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("registry-name").addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    view.name = event.target.value.trim();
    view.offset = 0;
    showRegistry();
  }, TYPING_PAUSE);
});
slot("back", section).addEventListener("click", () => turnPage(-PAGE_ROWS));
slot("on", section).addEventListener("click", () => turnPage(PAGE_ROWS));

function turnPage(by) {
  view.offset = Math.max(0, view.offset + by);
  showRegistry();
}

const byHand = document.getElementById("fetch-form");
byHand.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { model_name, model_version, set_default } = byHand.elements;
  const reply = await startFetch({
    model_name: model_name.value.trim(),
    model_version: Number(model_version.value),
    set_default: set_default.checked,
  });
  complain(reply.problem ?? null);
});
