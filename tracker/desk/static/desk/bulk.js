"use strict";
/* Boxes: all, none, and from the last one to this one with Shift. A preview holds for what was ticked when it was made. */
(() => {
  const form = document.getElementById("ticking");
  if (!form) return;
  const boxes = [...form.querySelectorAll('input[name="event"]')];
  let last = null;
  let held = false; // Shift on a row's words: the click that its box then gets does not say so

  function changed() {
    document.getElementById("ticked").textContent = boxes.filter((box) => box.checked).length;
    const act = document.getElementById("act");
    if (act) act.remove();
  }

  form.addEventListener("click", (event) => {
    const all = event.target.closest("[data-ticks]");
    if (all) {
      boxes.forEach((box) => (box.checked = all.dataset.ticks === "all"));
      return changed();
    }
    if (!boxes.includes(event.target)) {
      held = event.shiftKey && event.target.closest(".tick") !== null;
      return undefined;
    }
    const ranged = event.shiftKey || held;
    held = false;
    if (ranged && last) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(event.target)].sort((one, other) => one - other);
      boxes.slice(from, to + 1).forEach((box) => (box.checked = event.target.checked));
    }
    last = event.target;
    return changed();
  });

  // Shift would mark the words between the two rows as well.
  form.addEventListener("mousedown", (event) => {
    if (event.shiftKey && event.target.closest(".tick")) event.preventDefault();
  });
})();
