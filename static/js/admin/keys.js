// @ts-check
// Keys for programs: made, shown once, revoked.

import { button, byId, copyOf, field, find, slot } from "../dom.js";
import { dateOf, timeOf } from "../numbers.js";
import { decide } from "./decision.js";
import { announce, ask, complain, fill } from "./page.js";

/** @import { Key, Reply } from "../types.js" */

const section = byId("keys");
const form = byId("key-form", HTMLFormElement);
const shownOnce = byId("shown-once");

const MAY = { predict: "get predictions", admin: "change models and keys" };

async function refresh() {
  /** @type {Reply<Key[]>} */
  const reply = await ask("/api/v1/keys/");
  if (reply.problem !== undefined) {
    slot("none", section).hidden = true;
    complain(reply.problem);
    return;
  }
  const keys = reply.answer;
  slot("none", section).textContent = "There are no keys yet.";
  slot("none", section).hidden = keys.length > 0;
  find("table", section).hidden = keys.length === 0;
  slot("rows", section).replaceChildren(...keys.map(row));
}

/** @param {Key} key */
function row(key) {
  const line = fill(copyOf("key-row"), {
    name: key.name,
    prefix: `${key.prefix}…`,
    scopes: [...key.scopes]
      .sort()
      .reverse()
      .map((scope) => MAY[scope])
      .join(", "),
    made: `${dateOf(key.created_at)} by ${key.created_by}`,
    used: key.last_used_at ? timeOf(key.last_used_at) : "never",
  });
  const revoke = button("revoke", line);
  if (key.revoked_at) {
    line.dataset.revoked = "";
    revoke.replaceWith(`Revoked ${dateOf(key.revoked_at)}`);
  } else {
    revoke.setAttribute("aria-label", `Revoke ${key.name}`);
    revoke.onclick = () => askToRevoke(key);
  }
  return line;
}

/** @param {Key} key */
function askToRevoke(key) {
  decide({
    title: `Revoke ${key.name}?`,
    words: "Within five seconds this key opens nothing any more. It cannot be undone.",
    confirmWords: "Revoke",
    why: false,
    danger: true,
    act: () => ask(`/api/v1/keys/${key.id}`, { method: "DELETE" }),
    settled: async (reply) => {
      await refresh();
      if (reply.problem !== undefined) complain(reply.problem);
      else announce(`${key.name} is revoked.`);
    },
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const scopes = [.../** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll('input[name="scope"]:checked'))].map(
    (box) => box.value,
  );
  if (scopes.length === 0) {
    complain("A key that may do nothing is of no use. Choose what it may do.");
    return;
  }
  /** @type {Reply<{ key: string }>} */
  const reply = await ask("/api/v1/keys/", { method: "POST", body: { name: field(form, "name").value, scopes } });
  complain(reply.problem ?? null);
  if (reply.problem !== undefined) return;
  form.reset();
  slot("key", shownOnce).textContent = reply.answer.key;
  slot("copied", shownOnce).textContent = "";
  slot("copy", shownOnce).textContent = "Copy";
  shownOnce.hidden = false;
  shownOnce.focus();
  await refresh();
});

slot("copy", shownOnce).addEventListener("click", async () => {
  const key = slot("key", shownOnce);
  try {
    await navigator.clipboard.writeText(key.textContent ?? "");
    slot("copy", shownOnce).textContent = "Copied";
    slot("copied", shownOnce).textContent = "The key is in the clipboard.";
  } catch {
    // Only pages under https or on this machine may write to it: then it is marked, for Ctrl+C.
    getSelection()?.selectAllChildren(key);
    slot("copied", shownOnce).textContent = "The key is marked. Copy it with Ctrl+C.";
  }
});

await refresh();
