"use strict";
/* The coding panel: a small grammar of single keys (number, sign, digit), the same by mouse and touch. The state is
   in the page itself (aria-pressed), so that what is read aloud, seen and sent cannot differ. */
(() => {
  const Desk = window.Desk;
  const DIRECTIONS = { "+": 1, "=": 1, "-": -1, "_": -1, "−": -1, 0: 0 };
  let stage = "";
  let rec = null;
  let begun = ""; // the first of two digits

  const panel = () => document.getElementById("panel");
  const all = (selector, root = panel()) => (root ? [...root.querySelectorAll(selector)] : []);
  const pressed = (root, name) => root.querySelector(`[data-${name}][aria-pressed="true"]`);
  const press = (buttons, chosen) =>
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button === chosen)));

  function say() {
    const prompt = document.getElementById("prompt");
    if (!prompt) return;
    const name = rec && stage !== "actors" && stage ? rec.querySelector(".rec-name span").textContent + " " : "";
    prompt.textContent = name + (prompt.dataset[stage] || prompt.dataset.idle);
    prompt.dataset.stage = stage;
  }

  function pick(row) {
    all(".rec").forEach((other) => other.classList.toggle("current", other === row));
    rec = row;
    stage = row ? "direction" : "";
    begun = "";
    if (row) row.scrollIntoView({ block: "nearest" });
    say();
  }

  function changed() {
    if (rec) rec.toggleAttribute("data-coded", Boolean(pressed(rec, "direction")));
    Desk.tell("changed");
  }

  /* Two digits are read before a sign only: after a number, 0 is the sign of what is mixed. */
  function number(key) {
    if (Desk.config.digits === 1) return digit(key);
    if (stage === "direction") return false;
    if (stage === "number") return digit(begun + key);
    pick(null);
    begun = key;
    stage = "number";
    say();
    return true;
  }

  function clear(row) {
    press(all("[data-direction], [data-strength]", row), null);
    changed();
  }

  function setDirection(row, value) {
    press(all("[data-direction]", row), row.querySelector(`[data-direction="${value}"]`));
    stage = "strength";
    say();
    changed();
  }

  function setStrength(row, value) {
    press(all("[data-strength]", row), row.querySelector(`[data-strength="${value}"]`));
    stage = "";
    say();
    changed();
  }

  const Coding = (Desk.coding = {
    ready() {
      stage = begun = "";
      rec = null;
      say();
      all("[data-key]").forEach((mark) => (mark.textContent = Desk.config.keys[mark.dataset.key] || ""));
    },

    /* Whether the key belonged to the grammar of coding. */
    key(key) {
      if (!panel()) return false;
      if (stage === "actors") return actorKey(key);
      if (key === "Escape" && (stage || rec)) return pick(null), true;
      if (key === "Delete" && stage && rec) return clear(rec), pick(null), true;
      if (stage === "number" && !/^[0-9]$/.test(key)) pick(null);
      if (stage === "strength" && /^[1-5]$/.test(key)) return setStrength(rec, key), true;
      if (stage === "direction" && key in DIRECTIONS) return setDirection(rec, DIRECTIONS[key]), true;
      if (stage !== "strength" && /^[0-9]$/.test(key)) return number(key);
      return false;
    },

    actors() {
      stage = "actors";
      say();
    },

    certainty() {
      const buttons = all("[data-certainty]");
      const at = buttons.findIndex((button) => button.getAttribute("aria-pressed") === "true");
      press(buttons, buttons[(at + 1) % buttons.length]);
      changed();
    },

    ask() {
      const row = rec || panel().querySelector(".rec[data-coded]");
      if (!row) return;
      if (row !== rec) pick(row);
      stage = "";
      const select = row.querySelector("[data-ask]");
      select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
      say();
      changed();
    },

    rationale() {
      const row = rec || panel().querySelector(".rec[data-coded]");
      if (!row) return;
      if (row !== rec) pick(row);
      stage = "";
      say();
      row.querySelector("[data-rationale]").focus();
    },

    /* Take the machine's draft over as one's own words, wherever a code has it and no rationale yet. */
    words() {
      let taken = 0;
      for (const row of all(".rec")) {
        const draft = draftOf(row);
        const text = row.querySelector("[data-rationale]");
        if (!draft || text.value.trim()) continue;
        text.value = draft;
        taken += 1;
      }
      if (taken) changed();
      else Desk.notice(Desk.texts.noDraft);
    },

    /* Whether a new code still lacks its reason; the first of them is at hand then, ready to be written. */
    unexplained() {
      const row = all(".rec").find((each) => pressed(each, "direction") && pressed(each, "strength") &&
        !("recorded" in each.dataset) && !each.querySelector("[data-rationale]").value.trim());
      if (!row) return false;
      pick(row);
      stage = "";
      say();
      row.querySelector("[data-rationale]").scrollIntoView({ block: "nearest" });
      return true;
    },

    /* Take over a coding as plain values, for instance one of two in an adjudication. */
    put(body) {
      all(".rec").forEach((row) => {
        const line = body.assessments.find((each) => each.rec === row.dataset.rec);
        press(all("[data-direction]", row), line && row.querySelector(`[data-direction="${line.direction}"]`));
        press(all("[data-strength]", row), line && row.querySelector(`[data-strength="${line.strength}"]`));
        row.querySelector("[data-ask]").value = (line && line.ask) || "";
        row.querySelector("[data-rationale]").value = (line && line.rationale) || "";
        row.toggleAttribute("data-coded", Boolean(line));
      });
      all("[data-actor]").forEach((button) =>
        button.setAttribute("aria-pressed", String(body.actors.includes(button.dataset.actor))));
      press(all("[data-certainty]"), panel().querySelector(`[data-certainty="${body.certainty}"]`));
      Desk.tell("changed");
    },

    /* What the panel says, as the server takes it. `unfinished` when a code lacks its direction or strength. */
    read() {
      const assessments = [];
      let unfinished = false;
      for (const row of all(".rec")) {
        const direction = pressed(row, "direction");
        const strength = pressed(row, "strength");
        if (!direction !== !strength) unfinished = true;
        if (!direction || !strength) continue;
        assessments.push({
          rec: row.dataset.rec,
          direction: Number(direction.dataset.direction),
          strength: Number(strength.dataset.strength),
          ask: row.querySelector("[data-ask]").value || null,
          rationale: row.querySelector("[data-rationale]").value.trim(),
        });
      }
      const certainty = pressed(panel(), "certainty");
      return {
        unfinished,
        assessments,
        actors: all('[data-actor][aria-pressed="true"]').map((button) => button.dataset.actor),
        certainty: certainty ? certainty.dataset.certainty : "reported",
      };
    },
  });

  /* What the machine would say, where the code at hand is the one it suggested. */
  function draftOf(row) {
    const draft = row.querySelector("[data-draft]");
    const direction = pressed(row, "direction");
    return draft && direction && direction.dataset.direction === draft.dataset.drafted ? draft.dataset.draft : "";
  }

  function digit(key) {
    const row = panel().querySelector(`.rec[data-number="${key}"]`);
    if (!row) return begun ? (pick(null), true) : false;
    if (stage === "direction" && row === rec) {
      clear(row);
      pick(null);
    } else {
      pick(row);
    }
    return true;
  }

  function actorKey(key) {
    stage = "";
    const button = panel().querySelector(`[data-actor="${Desk.config.actors[key]}"]`);
    if (button) toggle(button);
    say();
    return Boolean(button) || key === "Escape";
  }

  function toggle(button) {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    changed();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#panel button");
    if (!button) return;
    const row = button.closest(".rec");
    const data = button.dataset;
    if ("pick" in data) pick(row === rec ? null : row);
    if (data.direction) {
      if (row !== rec) pick(row);
      if (button.getAttribute("aria-pressed") === "true") clear(row);
      else setDirection(row, data.direction);
    }
    if (data.strength) {
      if (row !== rec) pick(row);
      setStrength(row, data.strength);
    }
    if (data.actor) toggle(button);
    if ("words" in data) Coding.words();
    if (data.certainty) {
      press(all("[data-certainty]"), button);
      changed();
    }
  });
  document.addEventListener("input", (event) => {
    if (event.target.closest("#panel")) Desk.tell("changed");
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id === "panel") event.preventDefault();
  });
})();
