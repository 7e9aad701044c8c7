"use strict";
/* The list beside the item, and the address of both: whoever reloads, goes back or sends a link finds the same place.
   Who else works on what is asked for now and then, and shown on the rows alone. */
(() => {
  const Desk = window.Desk;
  const { body } = document;
  const list = document.getElementById("rows");
  const NEWS = 20000; // milliseconds between two looks at what the others do
  let loading = null;
  let whole = false; // the server has no further rows
  let addressed = location.pathname !== Desk.config.urls.desk;

  const links = () => (list ? [...list.querySelectorAll("[data-event]")] : []);
  const row = (id) => (list ? list.querySelector(`[data-event="${CSS.escape(id)}"]`) : null);
  const free = (link) => link && !link.dataset.held;
  /* Kept by somebody only ahead of time: one goes there where nothing else is left. */
  const ahead = (link) => "ahead" in link.dataset;

  /* The nearest row after (or else before) this one that nobody else works on. */
  function beside(link, by) {
    const all = links();
    for (let at = all.indexOf(link) + by; at >= 0 && at < all.length; at += by) if (free(all[at])) return all[at];
    return null;
  }

  function more() {
    if (loading || whole || !list) return loading;
    const known = [...links().map((link) => link.dataset.event), ...Desk.decided()];
    const query = new URLSearchParams({ tab: body.dataset.tab, q: body.dataset.query, order: body.dataset.order });
    loading = Desk.post(`${Desk.url("rows")}?${query}`, { without: known })
      .then(async (response) => {
        if (!response.ok) return;
        const html = await response.text();
        whole = !html.trim();
        list.insertAdjacentHTML("beforeend", html);
      })
      .catch(() => {})
      .finally(() => (loading = null));
    return loading;
  }

  Desk.list = {
    row,
    links,
    free,
    more,
    first: () => links().find(free) || links().find(ahead),

    /* The row that follows an item, taken out of the list with `out`. */
    after(id, { out = false } = {}) {
      const link = row(id);
      const next = link && (beside(link, 1) || beside(link, -1));
      if (link && out) link.closest("li").remove();
      if (links().length < 12) more();
      return next || Desk.list.first();
    },

    /* One row up or down, beyond what is loaded too; what others work on is passed over. */
    async step(by) {
      const here = Desk.item() && row(Desk.item().dataset.event);
      if (here && by > 0 && !beside(here, by)) await more();
      return here ? beside(here, by) : Desk.list.first();
    },

    mark(id) {
      links().forEach((link) => link.toggleAttribute("aria-current", link.dataset.event === id));
      const here = row(id);
      if (here) here.scrollIntoView({ block: "nearest" });
    },

    /* The open rows that follow an item, for the server to tell how they stand by now. */
    upcoming(id) {
      if (!["queue", "review", "snoozed"].includes(body.dataset.tab)) return [];
      const all = links();
      return all.slice(all.indexOf(row(id)) + 1).slice(0, 20).map((link) => link.dataset.event);
    },

    /* How these rows stand: what is decided goes, who works on what is written on the row. */
    stand(ids, held, decided = [], mild = []) {
      for (const id of ids) {
        const link = row(id);
        if (!link) continue;
        if (decided.includes(id) && !(Desk.item() && Desk.item().dataset.event === id)) {
          link.closest("li").remove();
          continue;
        }
        const name = held[id] || "";
        link.toggleAttribute("data-ahead", mild.includes(id));
        if (name === (link.dataset.held || "")) continue;
        if (name) link.dataset.held = name;
        else delete link.dataset.held;
        link.querySelector(".held").textContent = name;
      }
    },

    put(id, html) {
      if (!list || row(id)) return false;
      list.insertAdjacentHTML("afterbegin", html);
      return true;
    },

    count(by) {
      const number = document.querySelector(".tabs [aria-current] .number");
      if (number && /^\d+$/.test(number.textContent)) number.textContent = Math.max(0, Number(number.textContent) + by);
    },
  };
  if (list) {
    list.addEventListener("scroll", () => {
      if (list.scrollTop + list.clientHeight > list.scrollHeight - 400) more();
    }, { passive: true });
  }

  // The address

  const address = (id) => Desk.url("event", id) + (body.dataset.place || "");
  const named = (id) => {
    const item = Desk.item();
    if (item) document.title = document.title.replace(/^[^·]*/, `${(item.dataset.title || item.dataset.titleZh || id).slice(0, 60)} `);
  };

  /* Give the item at hand its address: a new step of the browser's history, or in place of the present one. */
  Desk.address = (id, { push = true } = {}) => {
    if (!list) return;
    named(id);
    if (!push || (history.state && history.state.event === id)) history.replaceState({ event: id }, "", address(id));
    else history.pushState({ event: id }, "", address(id));
    addressed = true;
    document.querySelectorAll(".langs a").forEach((link) => {
      const here = location.pathname.replace(/^.*?\/desk\//, "desk/");
      link.href = link.pathname.replace(/desk\/.*$/, here) + location.search;
    });
  };
  /* The desk's own address stays until somebody does something there, so that one may come to it again for new work. */
  function settle() {
    if (addressed || !Desk.item() || !list) return;
    Desk.address(Desk.item().dataset.event, { push: false });
  }
  ["keydown", "pointerdown"].forEach((name) => addEventListener(name, settle, { capture: true }));
  addEventListener("popstate", (event) => {
    const id = event.state && event.state.event;
    if (id && list) Desk.show(id, { push: false, fresh: true });
  });
  if (list && Desk.item() && addressed) history.replaceState({ event: Desk.item().dataset.event }, "", location.href);

  /* An open question is part of the address. */
  Desk.asking = (name) => {
    if (!list || (!name && !location.hash)) return;
    settle();
    history.replaceState(history.state, "", location.pathname + location.search + (name ? `#${name}` : ""));
  };

  // What the others do

  async function news() {
    if (document.hidden || !list) return;
    try {
      const response = await Desk.get(Desk.url("now"));
      if (!response.ok) return;
      const { held, ahead: mild, tabs } = await response.json();
      Desk.list.stand(links().map((link) => link.dataset.event), held, [], mild);
      if (document.querySelector("#stage .empty") && links().some(free)) Desk.show(Desk.list.first().dataset.event);
      Object.entries(tabs).forEach(([name, number]) => {
        const place = document.querySelector(`.tabs [data-tab="${name}"] .number`);
        if (!place) return;
        place.textContent = number;
        place.closest("a").toggleAttribute("data-none", number === "0");
      });
    } catch {
      /* The next look will tell. */
    }
  }
  Desk.news = news;
  /* A decision moves an item from one list to another: the numbers follow as soon as one pauses. */
  let soon = 0;
  document.addEventListener("desk:saved", () => {
    clearTimeout(soon);
    soon = setTimeout(news, 1500);
  });
  setInterval(news, NEWS);
  document.addEventListener("visibilitychange", news);
})();
