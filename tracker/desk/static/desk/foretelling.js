"use strict";
/* Plain forms say beside each of their buttons what pressing it would do to the scores, as soon as they are complete. */
document.querySelectorAll("form[data-foretell]").forEach((form) => {
  const WAIT = 350;
  let timer = 0;
  let asked = 0;

  function print(place, { effects = [], refused = "" }) {
    place.textContent = refused || (effects.length ? "" : form.dataset.none);
    for (const each of effects) {
      const line = document.createElement("span");
      line.className = `effect ${each.class}`;
      line.textContent = `${each.name} ${each.before} → ${each.after}`;
      place.append(line, " ");
    }
  }

  async function look() {
    const mine = (asked += 1);
    const places = [...form.querySelectorAll("output.effects")];
    if (!complete()) return places.forEach((place) => (place.textContent = ""));
    for (const place of places) {
      const sent = new FormData(form, place.parentElement.querySelector("button"));
      const response = await fetch(location.href, { method: "POST", body: sent, headers: { "X-Foretell": "1" } }).catch(() => null);
      if (mine !== asked) return undefined;
      if (response && response.ok) print(place, await response.json());
    }
    return undefined;
  }

  /* All but the reason, which comes last and moves no score. */
  const complete = () => [...form.elements].every((each) => each.name === "why" || !each.willValidate || each.validity.valid);

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT);
  });
});
