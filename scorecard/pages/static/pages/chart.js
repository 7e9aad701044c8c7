// Under the pointer, a chart tells the day, the balance and its band; a click opens the page as of that day.
// It adds to the drawing and takes nothing away: the table under the chart holds the figures without it.
"use strict";
(() => {
  const signed = (value) => {
    const whole = Math.round(value);
    return whole > 0 ? `+${whole}` : whole < 0 ? `−${-whole}` : "0";
  };
  const space = "http://www.w3.org/2000/svg";

  const enliven = (plot) => {
    const svg = plot.querySelector("svg");
    const output = plot.querySelector("output");
    const [left, inside, top, tall] = ["left", "inside", "top", "tall"].map((name) => Number(plot.dataset[name]));
    const line = document.createElementNS(space, "path");
    line.setAttribute("class", "event-line");
    line.setAttribute("pointer-events", "none");
    const days = new Intl.DateTimeFormat(document.documentElement.lang.replace(/^en$/, "en-GB"), { dateStyle: "long", timeZone: "UTC" });
    let figures = null;
    let asked = false;

    const load = () => {
      if (asked) return;
      asked = true;
      fetch(plot.dataset.figures).then((answer) => answer.json()).then((found) => {
        figures = Object.values(found.recommendations)[0].series;
        figures.first = Date.parse(`${found.first_day}T00:00:00Z`);
        svg.append(line);
      });
    };
    const place = (event) => {
      const box = svg.getBoundingClientRect();
      const x = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
      const last = figures.score.length - 1;
      return Math.round(Math.min(1, Math.max(0, (x - left) / inside)) * last);
    };
    const day = (index) => new Date(figures.first + index * 86400000);

    svg.addEventListener("pointerenter", load);
    svg.addEventListener("pointermove", (event) => {
      if (!figures) return;
      const index = place(event);
      const x = left + inside * index / (figures.score.length - 1);
      line.setAttribute("d", `M${x} ${top}v${tall}`);
      const [score, low, high] = [figures.score, figures.low, figures.high].map((values) => signed(values[index]));
      output.value = plot.dataset.words.replace("{day}", days.format(day(index)))
        .replace("{score}", score).replace("{low}", low).replace("{high}", high);
    });
    svg.addEventListener("pointerleave", () => { line.removeAttribute("d"); output.value = ""; });
    svg.addEventListener("click", (event) => {
      if (!figures || event.target.closest("a")) return;
      const query = new URLSearchParams(location.search);
      query.set("as_of", day(place(event)).toISOString().slice(0, 10));
      location.search = query.toString();
    });
  };

  document.querySelectorAll("[data-figures]").forEach(enliven);
})();
