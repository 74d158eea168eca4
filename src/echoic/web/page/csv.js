/** Tables of values from text: commas, semicolons or tabs, with or without a header. */

/**
 * Rows `[[value, …], …]` of the features, null where there is none. Columns of their names are taken; without such
 * names, the last columns.
 */
export function rowsOf(text, features) {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim());
  if (!lines.length) throw new Error("There are no values.");
  const mark = ["\t", ";", ","].find((one) => lines[0].includes(one)) ?? ",";
  const cells = lines.map((line) => line.split(mark).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")));
  const isDecimal = mark !== ",";
  const number = (cell) => (isDecimal ? cell.replace(",", ".") : cell);
  const hasHeader = features.some((name) => cells[0].includes(name)) || !isNumber(number(cells[0].at(-1)));
  const places = features.map((name, place) => {
    const named = hasHeader ? cells[0].indexOf(name) : -1;
    return named >= 0 ? named : cells[0].length - features.length + place;
  });
  if (Math.min(...places) < 0) throw new Error(`Each row needs ${features.length} values: ${features.join(", ")}.`);
  return cells.slice(hasHeader ? 1 : 0).map((row, at) => places.map((place) => valueOf(number(row[place] ?? ""), at)));
}

const MISSING = new Set(["", "na", "nan", "null"]);
const isNumber = (cell) => MISSING.has(cell.toLowerCase()) || Number.isFinite(Number(cell));

function valueOf(cell, at) {
  if (!isNumber(cell)) throw new Error(`Row ${at + 1} has “${cell.slice(0, 40)}”, which is no number.`);
  return MISSING.has(cell.toLowerCase()) ? null : Number(cell);
}
