// @ts-check
// The page of the models: what answers, what is loaded, what the registry has.

import { showFetches } from "./fetches.js";
import { showLoaded } from "./loaded.js";
import { ask, complain } from "./page.js";
import { refresher } from "./refresher.js";
import { showRegistry } from "./registry.js";
import { rollBackTarget, showStatus } from "./status.js";
import { closeTrial, tryOut } from "./trial.js";

/** @import { Deployment, Model, Reply, Status } from "../types.js" */

const HISTORY_LOOKED_AT = 50;
// What another admin, another process or the registry's champion changes shows up by itself.
const LOOK_AGAIN = 10_000;

let seen = "";
/** @type {number | null} */
let lastNumber = null;
let isAway = false;

/** Shows what answers and what is loaded; returns whether the server said so. */
async function look() {
  /** @type {[Promise<Reply<Status>>, Promise<Reply<Model[]>>, Promise<Reply<{ deployments: Deployment[] }>>]} */
  const asked = [ask("/api/v1/models/status"), ask("/api/v1/models/"), ask(`/api/v1/models/history?limit=${HISTORY_LOOKED_AT}`)];
  const [status, loaded, history] = await Promise.all(asked);
  if (status.problem !== undefined || loaded.problem !== undefined) {
    complain(status.problem ?? loaded.problem ?? null);
    isAway = true;
    return false;
  }
  if (isAway) complain(null);
  isAway = false;
  // Without the database nobody knows what a step back would restore; the status says that it is away.
  const target = status.answer.from_folder ? null : rollBackTarget(history.answer?.deployments ?? []);
  const expected = status.answer.deployment?.number ?? 0;
  const now = JSON.stringify([status.answer, loaded.answer, target]);
  if (now !== seen) {
    seen = now;
    if (expected !== lastNumber) closeTrial(); // it compared with what answered before
    lastNumber = expected;
    showStatus(status.answer, target, refresh);
    showLoaded(loaded.answer, expected, { refresh, tryOut, canActivate: !status.answer.from_folder });
  }
  return true;
}

const refresh = refresher({ look, showRegistry, showFetches: () => showFetches(() => refresh()) });
await refresh();
setInterval(() => {
  if (!document.hidden && !document.querySelector("dialog[open]")) refresh({ registry: false });
}, LOOK_AGAIN);
