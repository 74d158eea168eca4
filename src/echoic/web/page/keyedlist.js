/** A list that is shown again without losing what has the focus. */

export class KeyedList {
  /** `root` holds the views; `make(item)` gives one: its `root`, `show(item)` and perhaps `close()`. */
  constructor(root, keyOf, make) {
    Object.assign(this, { root, keyOf, make });
    this.views = new Map();
  }

  show(items) {
    const keys = new Set(items.map(this.keyOf));
    for (const key of [...this.views.keys()]) if (!keys.has(key)) this.remove(key);
    items.forEach((item, place) => {
      const key = this.keyOf(item);
      if (!this.views.has(key)) this.views.set(key, this.make(item));
      const view = this.views.get(key);
      view.show(item);
      const there = this.root.children[place];
      if (there !== view.root) this.root.insertBefore(view.root, there ?? null);
    });
  }

  remove(key) {
    const { root } = this.views.get(key);
    const focused = root.contains(document.activeElement) && document.activeElement;
    const next = root.nextElementSibling ?? root.previousElementSibling ?? this.root.parentElement;
    this.views.get(key).close?.();
    this.views.delete(key);
    root.remove();
    if (!focused) return;
    const same = focused.className && next.querySelector(`.${focused.classList[0]}`);
    (same || next.querySelector("button"))?.focus();
  }

  close() {
    for (const view of this.views.values()) view.close?.();
  }
}
