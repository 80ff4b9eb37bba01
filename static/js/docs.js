// @ts-check
// Starts Swagger on the page that holds its assets; nothing is asked of any other server.

import { byId } from "./dom.js";

/* global SwaggerUIBundle */
/** @typedef {{ (options: Record<string, unknown>): void, presets: { apis: unknown } }} Swagger */
const { SwaggerUIBundle } = /** @type {{ SwaggerUIBundle: Swagger }} */ (/** @type {unknown} */ (globalThis));

const root = document.documentElement;
const place = byId("swagger");
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

/** Swagger's style sheet looks for a class, ours for an attribute or the system's wish. */
function followTheme() {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches;
  root.classList.toggle("dark-mode", dark);
}

followTheme();
systemIsDark.addEventListener("change", followTheme);
new MutationObserver(followTheme).observe(root, { attributeFilter: ["data-theme"] });

SwaggerUIBundle({
  url: place.dataset.openapi,
  domNode: place,
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
