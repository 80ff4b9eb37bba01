// @ts-check
// When to ask for which part of the page: what could not be shown at first is made up for with the next look that succeeds.

/**
 * Returns the function that looks again; `registry: false` leaves out what only changes by what people do.
 * @param {object} parts
 * @param {() => Promise<boolean>} parts.look shows what answers and what is loaded; whether the server answered
 * @param {() => Promise<void>} parts.showRegistry
 * @param {() => Promise<boolean>} parts.showFetches once is enough; whether the server answered
 */
export function refresher({ look, showRegistry, showFetches }) {
  let owesRegistry = false;
  let owesFetches = true;
  return async ({ registry = true } = {}) => {
    owesRegistry ||= registry;
    if (!(await look())) return;
    if (owesRegistry) {
      owesRegistry = false;
      await showRegistry();
    }
    if (owesFetches) {
      owesFetches = false;
      owesFetches = !(await showFetches());
    }
  };
}
