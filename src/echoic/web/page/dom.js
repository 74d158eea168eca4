/** Elements of the page, made in one line each. */

/**
 * A new element: properties by name, attributes where the name has a hyphen or is `role`, listeners where it begins
 * with "on", and children.
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

/** A button that calls `act` when it is pressed. */
export function button(label, act, properties = {}) {
  return element("button", { type: "button", onclick: act, ...properties }, label);
}

let labelled = 0;

/** A control with a label before it. */
export function field(label, control, ...after) {
  control.id ||= `control-${labelled++}`;
  return element("div", { className: "field" }, element("label", { htmlFor: control.id }, label), control, ...after);
}

/** A slider that shows its value; `act` is called with each new one. */
export function slider(label, { min, max, step, value }, act) {
  const shown = element("output", {}, String(value));
  const input = element("input", { type: "range", min, max, step, value });
  input.value = value; // again, now that the range is known
  input.oninput = () => {
    shown.textContent = String(Number(Number(input.value).toPrecision(4)));
    act(Number(input.value));
  };
  return field(label, input, shown);
}

/** A choice among texts; `act` is called with the chosen one. */
export function choice(label, options, act) {
  const select = element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
  select.onchange = () => act(select.value);
  return field(label, select);
}

/** Lets the browser save a file. */
export function download(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Calls `act` with the DataTransfer of what is dropped on an element, but not on one in it that takes it itself. */
export function whenDropped(target, act) {
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    event.stopPropagation();
    target.classList.add("dropping");
  });
  target.addEventListener("dragleave", () => target.classList.remove("dropping"));
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    target.classList.remove("dropping");
    act(event.dataTransfer);
  });
}

/** Calls `take` with each file that is dropped on an element. */
export function takeDropped(target, take) {
  whenDropped(target, (transfer) => [...transfer.files].forEach(take));
}
