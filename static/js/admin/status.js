// @ts-check
// What answers now: name, since when, by whom and why; what is wrong; back and forth.

import { button, byId, listItem, slot } from "../dom.js";
import { timeOf } from "../numbers.js";
import { decide } from "./decision.js";
import { announce, ask, complain, fill, nameOf, nameOfId } from "./page.js";

/** @import { Deployment, Model, Reply, Status } from "../types.js" */
/** @typedef {() => Promise<void>} Refresh */

const section = byId("status");
const problems = byId("problems");

/**
 * Shows the answer of /models/status.
 * @param {Status} state
 * @param {Deployment | null} target that a step back would restore
 * @param {Refresh} refresh
 */
export function showStatus(state, target, refresh) {
  const { active, deployment } = state;
  section.hidden = false;
  section.toggleAttribute("data-fallback", !active);
  fill(section, {
    name: active ? nameOf(active) : "The word list",
    kind: active?.kind ?? "no trained model is active",
    since: state.from_folder ? folderWords(active) : sinceWords(active, deployment),
    following: followingWords(state),
  });
  showRollBack(deployment, target, refresh);
  const follow = button("follow", section);
  follow.hidden = state.following || !deployment || section.dataset.canFollow === undefined;
  follow.onclick = () => askToFollow(refresh);
  showProblems(state);
}

/** @param {Status} state */
function followingWords(state) {
  if (state.from_folder) return "Another version answers as soon as it is put into that folder.";
  if (state.following) return "Follows the registry: a new champion answers by itself.";
  return "Does not follow the registry: only a decision of an admin changes what answers.";
}

/** @param {Model | null} active */
function folderWords(active) {
  if (!active) return "A general word list answers until there is a model in the folder of API__MODEL_PATH.";
  return "From the folder that API__MODEL_PATH names: neither the registry nor the history decides.";
}

/** @param {Model | null} active @param {Deployment | null} deployment */
function sinceWords(active, deployment) {
  if (!active) return "A general word list answers until a trained version is activated.";
  if (!deployment) return "It answered before the last stop; no deployment is recorded.";
  if (deployment.cause === "champion" && deployment.by === "champion") {
    return `Since ${timeOf(deployment.at)}, as the registry's champion.`;
  }
  const why = deployment.why ? `: “${deployment.why.replaceAll("`", "")}”` : ".";
  return `Since ${timeOf(deployment.at)}, by ${deployment.by}${why}`;
}

/** @param {Deployment | null} deployment @param {Deployment | null} target @param {Refresh} refresh */
function showRollBack(deployment, target, refresh) {
  const back = button("roll-back", section);
  const hint = slot("roll-back-to", section);
  back.hidden = !target;
  hint.hidden = !target;
  if (!target || !deployment) return;
  hint.textContent = `Brings back ${nameOf(target)}.`;
  back.onclick = () =>
    decide({
      title: `Roll back to ${nameOf(target)}?`,
      words:
        `It answers at once, in every process, in place of ${nameOf(deployment)}. It was last activated ` +
        `${timeOf(target.at)} by ${target.by}.`,
      confirmWords: "Roll back",
      /** @returns {Promise<Reply<Model>>} */
      act: ({ why }) => ask("/api/v1/models/rollback", { method: "POST", body: { why, expected: deployment.number } }),
      settled: (reply) => settle(reply, (answer) => `${nameOfId(answer.model_id)} answers again.`, refresh),
    });
}

/** @param {Refresh} refresh */
function askToFollow(refresh) {
  decide({
    title: "Follow the champion again?",
    words: "The registry's champion answers at once, and each new champion after it.",
    confirmWords: "Follow",
    /** @returns {Promise<Reply<Model>>} */
    act: ({ why }) => ask("/api/v1/models/follow", { method: "POST", body: { why } }),
    settled: (reply) => settle(reply, (answer) => `${nameOfId(answer.model_id)} answers, as the champion.`, refresh),
  });
}

/**
 * After a decision: says what came of it and shows the new state, after a conflict too.
 * @template T
 * @param {Reply<T>} reply
 * @param {(answer: T) => string} words
 * @param {Refresh} refresh
 */
export async function settle(reply, words, refresh) {
  await refresh();
  if (reply.problem !== undefined) complain(reply.problem);
  else announce(words(reply.answer));
}

/** @param {Status} state */
function showProblems({ problems: found, registry_problem, database_problem }) {
  const all = new Set([...found, registry_problem ?? [], database_problem ?? []].flat());
  const items = [...all].map((words) => {
    const item = listItem(words.replaceAll("`", ""));
    item.className = "alert";
    return item;
  });
  problems.replaceChildren(...items);
  problems.hidden = items.length === 0;
}

/**
 * What one step back would restore, as the server finds it: the nearest other version below the last deployment.
 * @param {Deployment[]} deployments
 */
export function rollBackTarget(deployments) {
  const [last] = deployments;
  if (!last) return null;
  const below = last.restores ?? last.number;
  return deployments.find((one) => one.number < below && one.digest !== last.digest) ?? null;
}
