// @ts-check
// What answered when: the chain of deployments, newest first.

import { byId, copyOf, find, slot } from "../dom.js";
import { count, timeOf } from "../numbers.js";
import { ask, cardAddress, complain, fill, nameOf, nameOfId } from "./page.js";

/** @import { Deployment, Reply } from "../types.js" */

const PAGE_ROWS = 25;

const section = byId("history");
/** @type {Record<string, string>} */
const CAUSES = { activation: "Activated", champion: "Champion followed" };

/** @type {number | null} */
let before = null;
let shown = 0;

async function showMore() {
  const query = new URLSearchParams({ limit: String(PAGE_ROWS) });
  if (before !== null) query.set("before", String(before));
  /** @type {Reply<{ deployments: Deployment[], total: number, next_before: number | null }>} */
  const reply = await ask(`/api/v1/models/history?${query}`);
  complain(reply.problem ?? null);
  if (reply.problem !== undefined) {
    slot("none", section).hidden = true;
    return;
  }
  const { deployments, total, next_before } = reply.answer;
  before = next_before;
  shown += deployments.length;
  slot("rows", section).append(...deployments.map(row));
  find("table", section).hidden = shown === 0;
  slot("none", section).hidden = shown > 0;
  slot("none", section).textContent = "No version has been activated yet.";
  slot("pager", section).hidden = shown === 0;
  slot("page", section).textContent = `${count(shown)} of ${count(total)}`;
  slot("on", section).hidden = next_before === null;
}

/** @param {Deployment} deployment */
function row(deployment) {
  const line = fill(copyOf("deployment-row"), {
    name: nameOf(deployment),
    at: timeOf(deployment.at),
    previous: deployment.previous ? `before: ${nameOfId(deployment.previous)}` : "the first one",
    cause:
      deployment.cause === "rollback"
        ? `Rolled back to no. ${deployment.restores}`
        : (CAUSES[deployment.cause] ?? deployment.cause),
    by: deployment.cause === "champion" && deployment.by === "champion" ? "the registry" : deployment.by,
    why: deployment.why.replaceAll("`", "") || "–",
  });
  slot("at", line, HTMLTimeElement).dateTime = deployment.at;
  slot("tags", line).textContent = `no. ${deployment.number}`;
  slot("name", line, HTMLAnchorElement).href = cardAddress(deployment.model_id);
  return line;
}

slot("on", section).addEventListener("click", showMore);
await showMore();
