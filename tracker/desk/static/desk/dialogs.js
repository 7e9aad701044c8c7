"use strict";
/* The small questions that some deeds need answered first. Each resolves to the answer, or to null. */
(() => {
  const Desk = window.Desk;
  const dialog = (id) => document.getElementById(id);
  const open = () => document.querySelector("dialog[open]");

  function show(id) {
    const box = dialog(id);
    box.returnValue = "";
    if (!box.open) box.showModal();
    return box;
  }

  /* The reports that a further act can take along: all of them, until somebody unticks one. */
  function offer(part, reports) {
    const which = part.querySelector("[data-which]");
    which.hidden = reports.length < 2;
    which.open = which.querySelector("[data-move]").checked = false;
    which.querySelector("ul").replaceChildren(...reports.map((report) => {
      const [line, label] = [document.createElement("li"), document.createElement("label")];
      const tick = Object.assign(document.createElement("input"), { type: "checkbox", checked: true, value: report.dataset.article });
      label.className = "tick";
      label.append(tick, report.querySelector(".report-title").textContent.trim());
      line.append(label);
      return line;
    }));
    const sift = which.querySelector("[data-sift]");
    sift.hidden = reports.length < 7;
    sift.querySelector("input").value = "";
    sift.oninput = () => {
      const words = sift.querySelector("input").value.toLowerCase().split(/\s+/);
      which.querySelectorAll("ul li").forEach((line) => {
        line.hidden = !words.every((word) => line.textContent.toLowerCase().includes(word));
      });
    };
  }

  /* The same once all reports are there, with what was chosen among the first of them. */
  function renew(part, reports) {
    const which = part.querySelector("[data-which]");
    const move = which.querySelector("[data-move]");
    const [open_, moves] = [which.open, move.checked];
    const left = [...which.querySelectorAll("li input:not(:checked)")].map((tick) => tick.value);
    offer(part, reports);
    [which.open, move.checked] = [open_, moves];
    which.querySelectorAll("li input").forEach((tick) => (tick.checked = !left.includes(tick.value)));
  }

  /* Nothing where all reports stay and go along: there may be more than are listed. */
  function chosenReports(part) {
    const ticks = [...part.querySelectorAll("[data-which] li input")];
    const articles = ticks.filter((tick) => tick.checked).map((tick) => Number(tick.value));
    const move = part.querySelector("[data-move]").checked;
    return move || articles.length < ticks.length ? { articles, move } : {};
  }

  /* One question at a time: `wire(box, answer)` connects the dialog, and closing it answers null. */
  function ask(id, wire) {
    const box = show(id);
    Desk.asking(id);
    return new Promise((resolve) => {
      const stop = new AbortController();
      const answer = (value) => {
        stop.abort();
        Desk.asking("");
        if (box.open) box.close();
        resolve(value);
      };
      box.addEventListener("close", () => answer(null), { signal: stop.signal });
      box.addEventListener("click", (event) => {
        if (event.target.closest("[data-close]") || event.target === box) answer(null);
      }, { signal: stop.signal });
      // A key that is held down answers no question: it may be the one that asked it.
      box.addEventListener("keydown", (event) => {
        if (event.repeat && !event.target.closest("input, textarea")) event.preventDefault();
        if (event.repeat && (event.key === "Enter" || !event.target.closest("input, textarea"))) event.stopImmediatePropagation();
      }, { signal: stop.signal });
      wire(box, answer, stop.signal);
    });
  }

  const Dialogs = (Desk.dialogs = {
    open,

    dismiss: () =>
      ask("dismiss", (box, answer, signal) => {
        const choices = [...box.querySelectorAll("[data-choice]")];
        choices[0].focus();
        box.addEventListener("click", (event) => {
          const button = event.target.closest("[data-choice]");
          if (button) answer(button.dataset.choice);
        }, { signal });
        box.addEventListener("keydown", (event) => {
          if (plain(event) && event.key === Desk.config.keys.dismiss) return stop(event), answer(choices[0].dataset.choice);
          if (plain(event) && choices[event.key - 1]) return stop(event), answer(choices[event.key - 1].dataset.choice);
        }, { signal });
      }),

    snooze: () =>
      ask("snooze", (box, answer, signal) => {
        const choices = [...box.querySelectorAll("[data-days], [data-grows]")];
        const take = (button) =>
          answer(button.dataset.grows ? { grows: Number(button.dataset.grows) } : { until: inDays(Number(button.dataset.days)) });
        choices[0].focus();
        box.addEventListener("click", (event) => {
          const button = event.target.closest("button");
          if (choices.includes(button)) take(button);
          const day = box.querySelector("#snooze-day").value;
          if (button && "until" in button.dataset && day) answer({ until: day });
        }, { signal });
        box.addEventListener("keydown", (event) => {
          if (plain(event) && event.target.tagName !== "INPUT" && choices[event.key - 1]) {
            stop(event);
            take(choices[event.key - 1]);
          }
        }, { signal });
      }),

    /* Search as one types; arrows choose, Enter takes. */
    find: ({ without, onRecord, effect, title, anywhere }) =>
      ask("join", (box, answer, signal) => {
        const words = box.querySelector("#join-words");
        const list = box.querySelector("#found");
        const why = box.querySelector("[data-why]");
        const place = box.querySelector("[data-effects]");
        let timer = 0;
        const options = () => [...list.querySelectorAll("[data-event]")];
        const chosen = () => list.querySelector('[data-event][aria-selected="true"]');
        box.querySelector("h2").dataset.first ||= box.querySelector("h2").textContent;
        box.querySelector("h2").textContent = title || box.querySelector("h2").dataset.first;
        why.hidden = !onRecord;
        why.querySelector("input").value = "";
        words.value = "";
        list.textContent = place.textContent = "";
        words.focus();
        const mark = (option) => {
          options().forEach((each) => each.setAttribute("aria-selected", String(each === option)));
          words.setAttribute("aria-activedescendant", option ? option.id : "");
          if (option) option.scrollIntoView({ block: "nearest" });
          if (option) Desk.foretell(place, ...effect(option.dataset.event));
          else place.textContent = "";
        };
        const look = async () => {
          const url = `${Desk.url("find")}?q=${encodeURIComponent(words.value)}&without=${without}${onRecord && !anywhere ? "&on=record" : ""}`;
          const asked = words.value;
          const response = await Desk.get(url);
          if (response.ok && asked === words.value) {
            list.innerHTML = await response.text();
            mark(options()[0]);
          }
        };
        const go = () => {
          if (!chosen()) return;
          if (onRecord && !why.querySelector("input").value.trim()) return why.querySelector("input").focus();
          answer({ event: chosen().dataset.event, why: why.querySelector("input").value.trim() });
        };
        words.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 120); }, { signal });
        list.addEventListener("click", (event) => {
          const option = event.target.closest("[data-event]");
          if (option) { mark(option); if (!onRecord) go(); }
        }, { signal });
        box.querySelector("[data-go]").addEventListener("click", go, { signal });
        box.addEventListener("keydown", (event) => {
          const all = options();
          const at = all.indexOf(chosen());
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            stop(event);
            if (all.length) mark(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
          }
          if (event.key === "Enter" && event.target.tagName === "INPUT" && !event.isComposing) { stop(event); go(); }
        }, { signal });
      }),

    /* A report by words of its title, or by an address: one that nobody knows yet is read on Enter. */
    attach: ({ onRecord }) =>
      ask("attach", (box, answer, signal) => {
        const words = box.querySelector("#attach-words");
        const list = box.querySelector("#articles");
        const why = box.querySelector("[data-why]");
        const place = box.querySelector("[data-effects]");
        let timer = 0;
        const options = () => [...list.querySelectorAll("[data-article]")];
        const chosen = () => list.querySelector('[data-article][aria-selected="true"]');
        why.hidden = !onRecord;
        why.querySelector("input").value = words.value = list.textContent = place.textContent = "";
        words.focus();
        const mark = (option) => {
          options().forEach((each) => each.setAttribute("aria-selected", String(each === option)));
          words.setAttribute("aria-activedescendant", option ? option.id : "");
          if (option) Desk.foretell(place, "attach", { articles: [Number(option.dataset.article)] });
          else place.textContent = "";
        };
        const show = async (asked, response) => {
          if (!response.ok || asked !== words.value) return;
          list.innerHTML = await response.text();
          mark(options()[0]);
        };
        const look = () => {
          const asked = words.value;
          return Desk.get(`${Desk.url("articles")}?q=${encodeURIComponent(asked)}`).then((got) => show(asked, got));
        };
        const read = () => {
          const asked = words.value;
          list.textContent = "…";
          const headers = { "Content-Type": "application/x-www-form-urlencoded" };
          return Desk.post(Desk.url("articles"), null, { body: new URLSearchParams({ q: asked }), more: headers })
            .then((got) => show(asked, got));
        };
        const go = () => {
          if (!chosen()) return list.querySelector("[data-fetch]") ? read() : undefined;
          if (onRecord && !why.querySelector("input").value.trim()) return why.querySelector("input").focus();
          return answer({ article: Number(chosen().dataset.article), why: why.querySelector("input").value.trim() });
        };
        words.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 150); }, { signal });
        list.addEventListener("click", (event) => {
          const option = event.target.closest("[data-article]");
          if (option) mark(option);
        }, { signal });
        box.querySelector("[data-go]").addEventListener("click", go, { signal });
        box.addEventListener("keydown", (event) => {
          const all = options();
          const at = all.indexOf(chosen());
          if ((event.key === "ArrowDown" || event.key === "ArrowUp") && all.length) {
            stop(event);
            mark(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
          }
          if (event.key === "Enter" && event.target.tagName === "INPUT" && !event.isComposing) { stop(event); go(); }
        }, { signal });
      }),

    /* `whole` resolves once the item shows all its reports; the question is open before, as who types on meets no
       keys of the desk. */
    split: (effect, whole) =>
      ask("split", (box, answer, signal) => {
        const parts = box.querySelector("#parts");
        const place = box.querySelector("[data-effects]");
        const listed = () => [...Desk.item().querySelectorAll("#reports [data-article]")];
        let reports = listed();
        let timer = 0;
        place.textContent = "";
        whole.then(() => {
          if (!box.open || listed().length === reports.length) return;
          reports = listed();
          [...parts.children].forEach((part) => renew(part, reports));
        });
        [...parts.children].slice(2).forEach((part) => part.remove());
        box.querySelectorAll("[data-title]").forEach((input) => (input.value = ""));
        [...parts.children].forEach((part) => offer(part, reports));
        box.querySelectorAll("[data-date]").forEach((input) => (input.value = Desk.item().dataset.date));
        parts.querySelector("input").focus();
        const wanted = () => [...parts.querySelectorAll(".part")]
          .map((part) => ({
            title: part.querySelector("[data-title]").value.trim(),
            date: part.querySelector("[data-date]").value || null,
            ...chosenReports(part),
          }))
          .filter((part) => part.title);
        const go = () => whole.then(() => wanted().length && answer(wanted()));
        parts.addEventListener("input", () => {
          clearTimeout(timer);
          timer = setTimeout(() => wanted().length && Desk.foretell(place, ...effect(wanted())), 250);
        }, { signal });
        box.querySelector("[data-more]").addEventListener("click", () => {
          const copy = parts.firstElementChild.cloneNode(true);
          copy.querySelector("[data-title]").value = "";
          offer(copy, reports);
          parts.append(copy);
          copy.querySelector("input").focus();
        }, { signal });
        box.querySelector("[data-go]").addEventListener("click", go, { signal });
        box.addEventListener("keydown", (event) => {
          if (event.key === "Enter" && event.target.tagName === "INPUT" && !event.isComposing) { stop(event); go(); }
        }, { signal });
      }),

    edit: (values) =>
      ask("edit", (box, answer, signal) => {
        const fields = [...box.querySelectorAll("[data-field]")];
        fields.forEach((field) => (field.value = values[field.dataset.field]));
        fields[values.title ? 0 : 1].focus();
        const go = () => answer(Object.fromEntries(fields.map((field) => [field.dataset.field, field.value.trim()])));
        box.querySelector("[data-go]").addEventListener("click", go, { signal });
        box.addEventListener("keydown", (event) => {
          if (event.key === "Enter" && event.target.tagName !== "BUTTON" && !event.isComposing) { stop(event); go(); }
        }, { signal });
      }),

    why: (effect) =>
      ask("why", (box, answer, signal) => {
        const text = box.querySelector("textarea");
        text.value = "";
        Desk.foretell(box.querySelector("[data-effects]"), ...effect);
        text.focus();
        const go = () => (text.value.trim() ? answer(text.value.trim()) : text.focus());
        box.querySelector("[data-go]").addEventListener("click", go, { signal });
        box.addEventListener("keydown", (event) => {
          if (event.key === "Enter" && !event.shiftKey && event.target === text && !event.isComposing) { stop(event); go(); }
        }, { signal });
      }),

    help() {
      Desk.get(Desk.url("last"))
        .then((response) => (response.ok ? response.text() : Promise.reject()))
        .then((html) => (dialog("last").innerHTML = html))
        .catch(() => {
          /* Without a connection the keys can still be read. */
        });
      return ask("help", (box, answer, signal) => {
        box.querySelector("#keys-trouble").textContent = "";
        box.querySelector("#keys-form").addEventListener("submit", (event) => { event.preventDefault(); keep(box, answer); }, { signal });
        box.querySelector("[data-defaults]").addEventListener("click", () => keep(box, answer, true), { signal });
        box.addEventListener("click", (event) => {
          const button = event.target.closest("[data-undo]");
          if (button) answer({ undo: Number(button.dataset.undo) });
        }, { signal });
      });
    },
  });

  async function keep(box, answer, first = false) {
    const inputs = [...box.querySelectorAll("[data-action]")];
    const wanted = first ? {} : Object.fromEntries(inputs.map((input) => [input.dataset.action, input.value]));
    const single = box.querySelector("#single-keys").checked;
    const response = await Desk.post(Desk.url("keys"), { keys: wanted, single_keys: single });
    const found = await response.json();
    if (found.error) return void (box.querySelector("#keys-trouble").textContent = found.error);
    Desk.config.keys = found.keys;
    Desk.config.single = single;
    inputs.forEach((input) => (input.value = found.keys[input.dataset.action]));
    document.querySelectorAll("[data-key]").forEach((mark) => (mark.textContent = found.keys[mark.dataset.key] || ""));
    answer(null);
  }

  const plain = (event) => !event.ctrlKey && !event.altKey && !event.metaKey;
  const stop = (event) => { event.preventDefault(); event.stopPropagation(); };
  const inDays = (days) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10);
  void Dialogs;
})();
