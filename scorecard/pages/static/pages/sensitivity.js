// The method page's sliders: the balance of METHOD sections 3 and 4, worked out again in the reader's browser with
// the reader's parameters. It changes this view and the address, never the official figure beside it.
"use strict";
(() => {
  const form = document.getElementById("sensitivity");
  if (!form) return;
  const CERTAINTY = ["confirmed", "reported", "rumoured"];

  const official = (data) => ({
    weight: data.parameters.weight, certainty: data.parameters.certainty, halfLife: data.parameters.half_life,
    k: data.parameters.k, cap: data.parameters.talk_cap, netting: data.parameters.netting,
  });

  // The reader's parameters: the official ones, each moved by its slider.
  const chosen = (data) => {
    const value = (name) => Number(form.elements[name].value);
    const base = official(data);
    return {
      weight: base.weight.map((weight, index) => index === 4 ? 1 : Math.min(1, weight ** value("contrast"))),
      certainty: { confirmed: 1, reported: value("reported"), rumoured: value("rumoured") },
      halfLife: base.halfLife.map((days) => days * value("fading")),
      k: value("k"), cap: value("cap"), netting: value("netting"),
    };
  };

  const pair = (direction, weight) =>
    direction > 0 ? [weight, 0] : direction < 0 ? [0, weight] : [weight / 2, weight / 2];

  // Credited pairs in the order of the record; an act that undoes another is credited only for what it adds.
  const balances = (data, p) => {
    const count = data.recommendations.length;
    const talk = Array.from({ length: count }, () => [0, 0]);
    const acts = Array.from({ length: count }, () => [0, 0]);
    const credited = [];
    data.events.forEach((event, index) => {
      credited[index] = {};
      for (const [rec, direction, strength] of event.assessments) {
        const weight = p.weight[strength - 1] * p.certainty[CERTAINTY[event.certainty]] * event.reach;
        const own = pair(direction, weight);
        const undone = [0, 0];
        for (const earlier of event.undoes) {
          const old = credited[earlier][rec];
          if (!old) continue;
          const kept = 2 ** (-(event.start - data.events[earlier].start) / p.halfLife[old[2] - 1]);
          undone[0] += old[0] * kept;
          undone[1] += old[1] * kept;
        }
        // By method 1.1 an act is worth no less than what it replaces on its own side, up to one act in operation.
        const worth = undone.map((replaced) => data.parameters.keeps_worth ? Math.min(replaced, p.weight[4]) : 0);
        const a = Math.max(0, own[0] - p.netting * undone[1], direction > 0 ? worth[0] : 0);
        const u = Math.max(0, own[1] - p.netting * undone[0], direction < 0 ? worth[1] : 0);
        credited[index][rec] = [a, u, strength];
        if (!event.counts) continue;
        const kept = 2 ** (-(data.day - event.start) / p.halfLife[strength - 1]);
        const heap = strength <= 2 ? talk : acts;
        heap[rec][0] += a * kept;
        heap[rec][1] += u * kept;
      }
    });
    return acts.map(([a, u], rec) => {
      const A = Math.min(talk[rec][0], p.cap) + a;
      const U = Math.min(talk[rec][1], p.cap) + u;
      return 100 * (A - U) / (A + U + p.k);
    });
  };

  const signed = (value) => {
    const whole = Math.round(value);
    return whole > 0 ? `+${whole}` : whole < 0 ? `−${-whole}` : "0";
  };

  const show = (data) => {
    const scores = balances(data, chosen(data));
    data.recommendations.forEach((slug, index) => {
      const row = form.querySelector(`[data-recommendation="${slug}"]`);
      row.dataset.score = scores[index];
      row.querySelector("[data-yours]").textContent = signed(scores[index]);
      const flips = scores[index] * Number(row.dataset.official) < 0;
      row.querySelector("[data-sign]").textContent = flips ? form.dataset.flips : form.dataset.same;
    });
    for (const slider of form.querySelectorAll("input[type=range]")) {
      form.querySelector(`output[for="${slider.id}"]`).value = Number(slider.value).toLocaleString(document.documentElement.lang);
    }
  };

  const remember = () => {
    const query = new URLSearchParams(location.search);
    for (const slider of form.querySelectorAll("input[type=range]")) {
      if (slider.value === slider.defaultValue) query.delete(slider.name);
      else query.set(slider.name, slider.value);
    }
    const text = query.toString();
    history.replaceState(null, "", location.pathname + (text ? `?${text}` : "") + location.hash);
  };

  fetch(form.dataset.acts).then((answer) => answer.json()).then((data) => {
    const query = new URLSearchParams(location.search);
    for (const slider of form.querySelectorAll("input[type=range]")) {
      if (query.has(slider.name) && Number.isFinite(Number(query.get(slider.name)))) slider.value = query.get(slider.name);
    }
    form.hidden = false;
    show(data);
    form.addEventListener("input", () => { show(data); remember(); });
    form.addEventListener("reset", () => setTimeout(() => { show(data); remember(); }));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.dataset.ready = "yes";
  });
})();
