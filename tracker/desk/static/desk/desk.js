"use strict";
/* The desk: the item at hand, the queue beside it, and one key for each deed. A decision shows at once; the outbox
   sees to it that the server takes it, in order. The next items are fetched before they are asked for. */
(() => {
  const Desk = window.Desk;
  const { body } = document;
  const stage = document.getElementById("stage");
  const rows = document.getElementById("rows");
  const ahead = new Map();
  const undoable = [];
  let started = performance.now();
  let loading = null;

  const row = (id) => (rows ? rows.querySelector(`[data-event="${CSS.escape(id)}"]`) : null);
  const links = () => (rows ? [...rows.querySelectorAll("[data-event]")] : []);
  const { notice, toast, preview } = Desk;
  const changes = () => Desk.changes();
  const onRecord = () => "onRecord" in Desk.item().dataset;

  // The item at hand

  function fetched(id) {
    if (!ahead.has(id)) {
      const asked = fetch(Desk.url("item", id), { credentials: "same-origin" }).then((response) => {
        if (!response.ok) throw new Error(response.status);
        return response.text();
      });
      asked.catch(() => ahead.delete(id));
      ahead.set(id, asked);
    }
    return ahead.get(id);
  }

  Desk.show = show;
  async function show(id, { fresh = false } = {}) {
    if (fresh) ahead.delete(id);
    const before = Desk.item();
    // A decided item keeps its claim until the server has the decision, which then ends it.
    if (before && before.dataset.event !== id && row(before.dataset.event)) Desk.release(before.dataset.event);
    let html;
    try {
      html = await fetched(id);
    } catch {
      return notice(Desk.texts.offline, null);
    }
    ahead.delete(id);
    stage.innerHTML = html;
    ready();
    if ("decides" in body.dataset && "open" in Desk.item().dataset) claim(id);
  }

  function ready() {
    const item = Desk.item();
    if (!item) return;
    started = performance.now();
    Desk.coding.ready();
    Desk.takeDraft();
    links().forEach((link) => link.toggleAttribute("aria-current", link.dataset.event === item.dataset.event));
    const here = row(item.dataset.event);
    if (here) here.scrollIntoView({ block: "nearest" });
    document.getElementById("item-title").focus({ preventScroll: true });
    scrollTo(0, 0);
    const at = links().findIndex((link) => link.dataset.event === item.dataset.event);
    links().slice(at + 1, at + 4).forEach((link) => fetched(link.dataset.event));
    preview();
  }

  async function claim(id) {
    const mine = await Desk.claim(id);
    if (!Desk.item() || Desk.item().dataset.event !== id) return;
    if (mine) Desk.item().dataset.claimed = "yes";
    if (mine !== false) return;
    toast(Desk.texts.skipped);
    leave(id);
  }

  // The queue

  /* Take an item out of the queue and go to the one that follows it. */
  function leave(id) {
    const link = row(id);
    const next = link && (link.closest("li").nextElementSibling || link.closest("li").previousElementSibling);
    if (link) link.closest("li").remove();
    count(-1);
    ahead.delete(id);
    if (links().length < 12) more();
    const target = next ? next.querySelector("[data-event]") : links()[0];
    if (target) return show(target.dataset.event);
    empty();
  }

  function count(by) {
    const number = document.querySelector(".tabs [aria-current] .number");
    if (number && /^\d+$/.test(number.textContent)) number.textContent = Math.max(0, Number(number.textContent) + by);
  }

  async function empty() {
    stage.innerHTML = "";
    if (loading) await loading;
    if (links().length) return show(links()[0].dataset.event);
    const text = document.createElement("h1");
    text.className = "empty";
    text.textContent = Desk.texts.empty;
    stage.append(text);
    document.getElementById("end").hidden = false;
  }

  function more() {
    if (loading || !rows) return loading;
    const known = [...links().map((link) => link.dataset.event), ...undoable.map((step) => step.event)];
    const query = new URLSearchParams({ tab: body.dataset.tab, q: body.dataset.query });
    loading = Desk.post(`${Desk.url("rows")}?${query}`, { without: known })
      .then((response) => (response.ok ? response.text() : ""))
      .then((html) => rows.insertAdjacentHTML("beforeend", html))
      .catch(() => {})
      .finally(() => (loading = null));
    return loading;
  }

  function step(by) {
    const all = links();
    const at = all.findIndex((link) => Desk.item() && link.dataset.event === Desk.item().dataset.event);
    const target = all[at + by];
    if (target) show(target.dataset.event);
  }

  // Decisions. A question answered after the item had to give way to another one (somebody else took it) is void.

  function decide(action, more, text) {
    const item = Desk.item();
    const form = {
      token: Desk.token(),
      action,
      event: item.dataset.event,
      version: Number(item.dataset.version),
      seconds: Math.round((performance.now() - started) / 100) / 10,
      shown: !("hidden" in item.dataset),
      ...more,
    };
    Desk.send(form);
    Desk.forgetDraft();
    if (onRecord() || !("open" in item.dataset)) return;
    undoable.push({ token: form.token, event: form.event });
    toast(`${text}: ${item.dataset.title || item.dataset.titleZh}`, () => undo());
    leave(form.event);
  }

  function coded() {
    const coding = Desk.coding.read();
    if (coding.unfinished) return notice(Desk.texts.unfinished), null;
    if (!coding.assessments.length) return notice(Desk.texts.nothing), null;
    delete coding.unfinished;
    return coding;
  }

  const deeds = {
    accept() {
      if (body.dataset.coding) return second(true);
      if (onRecord()) return deeds.recode();
      const coding = coded();
      if (coding) decide("accept", { ...coding, ...changes() }, Desk.texts.accepted);
    },
    irrelevant: () => second(false),
    async dismiss() {
      if (body.dataset.coding) return second(false);
      const asked = Desk.item();
      const reason = await Desk.dialogs.dismiss();
      if (reason && asked === Desk.item()) decide("dismiss", { reason }, Desk.texts.dismissed);
    },
    async snooze() {
      const asked = Desk.item();
      const until = await Desk.dialogs.snooze();
      if (until && asked === Desk.item()) decide("snooze", until, Desk.texts.snoozed);
    },
    async join(into) {
      if (typeof into === "string") return decide("merge", { into }, Desk.texts.merged);
      const asked = Desk.item();
      const found = await Desk.dialogs.find({
        without: asked.dataset.event,
        onRecord: onRecord(),
        effect: (target) => ["merge", { into: target }],
      });
      if (found && asked === Desk.item()) decide("merge", { into: found.event, why: found.why }, Desk.texts.merged);
    },
    async split() {
      const item = Desk.item();
      const parts = await Desk.dialogs.split((wanted) => ["split", { parts: wanted }]);
      if (!parts || item !== Desk.item()) return;
      const form = { token: Desk.token(), action: "split", event: item.dataset.event, version: Number(item.dataset.version), parts };
      undoable.push({ token: form.token, event: form.event });
      toast(Desk.texts.split, () => undo());
      Desk.send(form);
    },
    review: () => decide("review", {}, Desk.texts.review),
    async edit() {
      const { title, titleZh, date } = Desk.item().dataset;
      const now = { title, title_zh: titleZh, date, ...changes() };
      const wanted = await Desk.dialogs.edit(now);
      if (!wanted) return;
      Desk.item().dataset.changes = JSON.stringify(wanted);
      document.getElementById("item-title").textContent = wanted.title || wanted.title_zh;
      preview();
    },
    async recode() {
      const coding = coded();
      if (!coding) return;
      const wanted = { changes: { ...coding, ...changes() } };
      const why = await Desk.dialogs.why(["edit", wanted]);
      if (why) decide("edit", { ...wanted, why });
    },
    async supersede() {
      const event = Desk.item().dataset.event;
      const found = await Desk.dialogs.find({
        without: event, onRecord: true, effect: (target) => ["supersede", { earlier: [target] }],
      });
      if (found) decide("supersede", { earlier: [found.event], why: found.why });
    },
    retract: () => withReason("retract"),
    restore: () => withReason("restore"),
    dispute: () => withReason("dispute"),
    settle: () => withReason("settle"),
    reopen: () => decide("reopen", {}),
    look: () => decide("look", {}),
    undo,
    next: () => step(1),
    previous: () => step(-1),
    actors: () => Desk.coding.actors(),
    certainty: () => Desk.coding.certainty(),
    ask: () => Desk.coding.ask(),
    rationale: () => Desk.coding.rationale(),
    suggested: () => (Desk.forgetDraft(), show(Desk.item().dataset.event, { fresh: true })),
    preview: () => preview(0),
    open() {
      const link = stage.querySelector("[data-source]");
      if (link) window.open(link.href, "_blank", "noopener");
    },
    search: () => document.getElementById("q").focus(),
    async help() {
      const answer = await Desk.dialogs.help();
      if (answer && answer.undo) Desk.send({ action: "undo", decision: answer.undo });
    },
  };
  const NEED_ITEM = new Set(Object.keys(deeds).filter((name) => !["undo", "search", "help"].includes(name)));
  const NEED_OPEN = new Set(["dismiss", "snooze", "review"]);
  // A blind coding is coded or found irrelevant; an event that waits for one is only looked at.
  const WHILE_CODING = new Set(["accept", "dismiss", "irrelevant", "actors", "certainty", "ask", "rationale", "open", "help"]);
  const WHILE_WITHHELD = new Set(["next", "previous", "open", "search", "help", "undo"]);
  const DECIDING = new Set(["accept", "dismiss", "join", "split", "snooze", "review", "undo"]);

  async function withReason(action) {
    const why = await Desk.dialogs.why([action, {}]);
    if (why) decide(action, { why });
  }

  async function second(relevant) {
    const coding = relevant ? coded() : { assessments: [], actors: [], certainty: "" };
    if (!coding) return;
    const part = body.dataset.part;
    const form = { coding: Number(body.dataset.coding), relevant, ...coding };
    const why = part === "adjudicate" ? await Desk.dialogs.why([part, form]) : "";
    if (why !== null) Desk.send({ action: part, ...form, why });
  }

  function undo() {
    const last = undoable.pop();
    if (last) return Desk.send({ action: "undo", step: last.token });
    const button = document.querySelector("#last [data-undo]");
    if (!button) return undefined;
    button.closest("li").remove();
    return Desk.send({ action: "undo", decision: Number(button.dataset.undo) });
  }

  function perform(name) {
    const item = Desk.item();
    if (!(name in deeds) || (NEED_ITEM.has(name) && !item)) return;
    if (body.dataset.coding && !WHILE_CODING.has(name)) return;
    if (item && "withheld" in item.dataset && !WHILE_WITHHELD.has(name)) return;
    if (NEED_OPEN.has(name) && !body.dataset.coding && !("open" in item.dataset)) return;
    if (DECIDING.has(name) && !("decides" in body.dataset)) return;
    deeds[name]();
  }

  // What the server said

  document.addEventListener("desk:saved", async ({ detail: { form, answer } }) => {
    if (form.action === "second" || form.action === "adjudicate") return location.assign(body.dataset.back);
    if (form.action === "undo") return back(answer);
    const item = Desk.item();
    const mine = item && item.dataset.event === answer.event;
    if (form.action === "split") {
      if (mine) item.dataset.version = answer.version;
      return more();
    }
    if (mine && !["accept", "dismiss", "snooze", "merge", "review"].includes(form.action)) location.reload();
    else if (mine && onRecord()) location.assign(Desk.url("event", form.into || answer.event));
  });

  /* An undone item comes back to the top of the queue and to hand. */
  async function back(answer) {
    toast(`${Desk.texts.undone}: ${answer.title}`);
    const response = await fetch(`${Desk.url("rows")}?only=${answer.event}`, { credentials: "same-origin" });
    if (rows && response.ok && !row(answer.event)) {
      rows.insertAdjacentHTML("afterbegin", await response.text());
      count(1);
    }
    document.getElementById("end").hidden = true;
    show(answer.event, { fresh: true });
  }

  document.addEventListener("desk:refused", ({ detail: { form, answer } }) => {
    const at = undoable.findIndex((each) => each.token === form.token);
    if (at >= 0) undoable.splice(at, 1);
    notice(`${Desk.texts.refused} ${answer.error}`, form.event);
  });

  // Keys and clicks

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    if (Desk.dialogs.open()) return;
    const typing = event.target.closest("input, textarea, select");
    if (typing) {
      if (event.key === "Escape") typing.blur();
      return;
    }
    if (!Desk.config.single) return;
    if (Desk.coding.key(event.key)) return void event.preventDefault();
    const name = Object.keys(Desk.config.keys).find((each) => Desk.config.keys[each] === event.key);
    if (!name) return;
    event.preventDefault();
    perform(name);
  });

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-do], [data-join], [data-take], a[data-event]");
    if (!target || (event.target.closest("a") && (event.ctrlKey || event.metaKey || event.button))) return;
    if (target.dataset.do) perform(target.dataset.do);
    else if (target.dataset.join) deeds.join(target.dataset.join);
    else if (target.dataset.take) Desk.coding.put(JSON.parse(target.dataset.take));
    else if (target.matches("a[data-event]")) {
      event.preventDefault();
      show(target.dataset.event);
    }
  });

  setInterval(() => {
    const item = Desk.item();
    if (item && "open" in item.dataset && "decides" in body.dataset && !body.dataset.coding && !document.hidden) claim(item.dataset.event);
  }, 120000);
  if (Desk.item()) Desk.item().dataset.claimed = "yes"; // by the server, before it sent the page
  ready();
})();
