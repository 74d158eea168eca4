/** Words of the page. */

/** `1 row`, `2 rows`, `2,000 rows`. */
export const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : /s$/.test(noun) ? "es" : "s"}`;
