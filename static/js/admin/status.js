// What answers now: name, since when, by whom and why; what is wrong; back and forth.

import { timeOf } from "../numbers.js";
import { decide } from "./decision.js";
import { announce, ask, complain, fill, nameOf, nameOfId, slot } from "./page.js";

const section = document.getElementById("status");
const problems = document.getElementById("problems");

/** `state` is the answer of /models/status, `target` the deployment that a step back would restore, or null. */
export function showStatus(state, target, refresh) {
  const { active, deployment } = state;
  section.hidden = false;
  section.toggleAttribute("data-fallback", !active);
  fill(section, {
    name: active ? nameOf(active) : "The word list",
    kind: active?.kind ?? "no trained model is active",
    since: sinceWords(active, deployment),
    following: state.following
      ? "Follows the registry: a new champion answers by itself."
      : "Does not follow the registry: only a decision here changes what answers.",
  });
  showRollBack(deployment, target, refresh);
  const follow = slot("follow", section);
  follow.hidden = state.following || !deployment || section.dataset.canFollow === undefined;
  follow.onclick = () => askToFollow(refresh);
  showProblems(state);
}

function sinceWords(active, deployment) {
  if (!active) return "A general word list answers until a trained version is activated.";
  if (!deployment) return "It answered before the last stop; no deployment is recorded.";
  if (deployment.cause === "champion" && deployment.by === "champion") {
    return `Since ${timeOf(deployment.at)}, as the registry's champion.`;
  }
  const why = deployment.why ? `: “${deployment.why.replaceAll("`", "")}”` : ".";
  return `Since ${timeOf(deployment.at)}, by ${deployment.by}${why}`;
}

function showRollBack(deployment, target, refresh) {
  const button = slot("roll-back", section);
  const hint = slot("roll-back-to", section);
  button.hidden = !target;
  hint.hidden = !target;
  if (!target) return;
  hint.textContent = `Brings back ${nameOf(target)}.`;
  button.onclick = () =>
    decide({
      title: `Roll back to ${nameOf(target)}?`,
      words:
        `It answers at once, in every process, in place of ${nameOf(deployment)}. It was last activated ` +
        `${timeOf(target.at)} by ${target.by}.`,
      confirmWords: "Roll back",
      act: ({ why }) => ask("/api/v1/models/rollback", { method: "POST", body: { why, expected: deployment.number } }),
      settled: (reply) => settle(reply, (answer) => `${nameOfId(answer.model_id)} answers again.`, refresh),
    });
}

function askToFollow(refresh) {
  decide({
    title: "Follow the champion again?",
    words: "The registry's champion answers at once, and each new champion after it.",
    confirmWords: "Follow",
    act: ({ why }) => ask("/api/v1/models/follow", { method: "POST", body: { why } }),
    settled: (reply) => settle(reply, (answer) => `${nameOfId(answer.model_id)} answers, as the champion.`, refresh),
  });
}

/** After a decision: says what came of it and shows the new state, after a conflict too. */
export async function settle(reply, words, refresh) {
  await refresh();
  if (reply.problem) complain(reply.problem);
  else announce(words(reply.answer));
}

function showProblems(state) {
  const found = [...(state.problems ?? []), state.registry_problem, state.database_problem].filter(Boolean);
  const items = [...new Set(found)].map((words) => {
    const item = document.createElement("li");
    item.className = "alert";
    item.textContent = words.replaceAll("`", "");
    return item;
  });
  problems.replaceChildren(...items);
  problems.hidden = items.length === 0;
}

/** What one step back would restore, as the server finds it: the nearest other version below the last deployment. */
export function rollBackTarget(deployments) {
  const [last] = deployments;
  if (!last) return null;
  const below = last.restores ?? last.number;
  return deployments.find((one) => one.number < below && one.digest !== last.digest) ?? null;
}
