import assert from "node:assert/strict";
import { it } from "node:test";

import { refresher } from "../../../static/js/admin/refresher.js";

/** A page whose looks succeed or fail as given, and what it showed. */
function page(looks, fetches = []) {
  const shown = [];
  const refresh = refresher({
    look: async () => looks.shift() ?? true,
    showRegistry: async () => {
      shown.push("registry");
    },
    showFetches: async () => {
      shown.push("fetches");
      return fetches.shift() ?? true;
    },
  });
  return { refresh, shown };
}

it("shows the registry and the fetches after a first look that failed", async () => {
  const { refresh, shown } = page([false, true]);
  await refresh();
  assert.deepEqual(shown, []);
  await refresh({ registry: false });
  assert.deepEqual(shown, ["registry", "fetches"]);
  await refresh({ registry: false });
  assert.deepEqual(shown, ["registry", "fetches"]);
});

it("shows the registry anew after each decision, and the fetches once", async () => {
  const { refresh, shown } = page([]);
  await refresh();
  await refresh();
  assert.deepEqual(shown, ["registry", "fetches", "registry"]);
});

it("asks again for fetches that the server did not tell", async () => {
  const { refresh, shown } = page([], [false, true]);
  await refresh();
  await refresh({ registry: false });
  await refresh({ registry: false });
  assert.deepEqual(shown, ["registry", "fetches", "fetches"]);
});
