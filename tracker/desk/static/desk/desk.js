"use strict";
/* The desk: the item at hand, and one key for each deed. A decision shows at once; the outbox sees to it that the
   server takes it, in order. The next items are fetched before they are asked for. */
(() => {
  const Desk = window.Desk;
  const { body } = document;
  const stage = document.getElementById("stage");
  const ahead = new Map();
  const undoable = [];
  let started = performance.now();
  let asked = 0; // which item was asked for last
  let undoing = 0; // undos that the server has not answered

  const { list } = Desk;
  const { notice, toast, preview } = Desk;
  const changes = () => Desk.changes();
  const onRecord = () => "onRecord" in Desk.item().dataset;
  const titled = (item) => item.dataset.title || item.dataset.titleZh;
  Desk.decided = () => undoable.map((step) => step.event);

  // The item at hand

  function fetched(id) {
    if (!ahead.has(id)) {
      const wanted = Desk.get(Desk.url("item", id)).then((response) => {
        if (!response.ok) throw new Error(response.status);
        return response.text();
      });
      wanted.catch(() => ahead.delete(id));
      ahead.set(id, wanted);
    }
    return ahead.get(id);
  }

  Desk.show = show;
  async function show(id, { fresh = false, push = true } = {}) {
    if (fresh) ahead.delete(id);
    const mine = (asked += 1);
    const before = Desk.item();
    // A decided item keeps its claim until the server has the decision, which then ends it.
    if (before && before.dataset.event !== id && list.row(before.dataset.event)) Desk.release(before.dataset.event);
    let html;
    try {
      html = await fetched(id);
    } catch {
      return mine === asked ? unreached(id, mine) : undefined;
    }
    if (mine !== asked) return undefined;
    ahead.delete(id);
    stage.innerHTML = html;
    ready();
    Desk.address(id, { push });
    return Desk.hold();
  }

  /* Without a connection a decided item must not stay at hand: the next one comes when it can. */
  async function unreached(id, mine) {
    const item = Desk.item();
    if (item && !Desk.unsent(item.dataset.event)) return notice(Desk.texts.offline, null);
    said(Desk.texts.waiting);
    await new Promise((go) => (setTimeout(go, 3000), addEventListener("online", go, { once: true })));
    if (mine === asked) show(id);
    return undefined;
  }

  function ready() {
    const item = Desk.item();
    Desk.gone();
    if (!item) return;
    started = performance.now();
    Desk.coding.ready();
    Desk.takeDraft();
    list.mark(item.dataset.event);
    document.getElementById("item-title").focus({ preventScroll: true });
    scrollTo(0, 0);
    const all = list.links();
    const at = all.findIndex((link) => link.dataset.event === item.dataset.event);
    all.slice(at + 1).filter(list.free).slice(0, 3).forEach((link) => fetched(link.dataset.event));
    preview();
  }

  /* Somebody else has it: whoever came to it by going on goes on, whoever wanted this one reads why. */
  document.addEventListener("desk:taken", ({ detail: { event, kind, error } }) => {
    const link = list.row(event);
    Desk.news();
    if (kind === "claimed" && (!link || link.dataset.wanted)) {
      Desk.item().dataset.taken = error;
      return notice(error, null);
    }
    toast(kind === "claimed" ? Desk.texts.skipped : error);
    return leave(event, { keep: kind === "claimed" });
  });

  // The queue

  /* Go to the item that follows; the one at hand leaves the list, unless somebody else only works on it. */
  function leave(id, { keep = false } = {}) {
    if (keep && list.row(id)) list.row(id).dataset.held = "…";
    const target = list.after(id, { out: !keep });
    if (!keep) list.count(-1);
    ahead.delete(id);
    if (target) return show(target.dataset.event);
    return empty();
  }

  function said(text) {
    const head = document.createElement("h1");
    head.className = "empty";
    head.textContent = text;
    head.tabIndex = -1;
    stage.replaceChildren(head);
    Desk.gone();
    head.focus({ preventScroll: true });
  }

  async function empty() {
    asked += 1;
    stage.innerHTML = "";
    await list.more();
    const first = list.first();
    if (first) return show(first.dataset.event);
    said(Desk.texts.empty);
    document.getElementById("end").hidden = false;
    return undefined;
  }

  async function step(by) {
    const target = await list.step(by);
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
    if (!Desk.send(form)) return notice(Desk.texts.twice, null);
    Desk.forgetDraft();
    if (onRecord() || !("open" in item.dataset)) return undefined;
    undoable.push({ token: form.token, event: form.event });
    toast(`${text}: ${titled(item)}`, () => undo());
    return leave(form.event);
  }

  function coded() {
    const coding = Desk.coding.read();
    if (coding.unfinished) return notice(Desk.texts.unfinished), null;
    if (!coding.assessments.length) return notice(Desk.texts.nothing), null;
    if (!body.dataset.coding && Desk.coding.unexplained()) return notice(Desk.texts.unexplained), null;
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
      const parts = await Desk.dialogs.split((wanted) => ["split", { parts: wanted }], Desk.allReports());
      if (!parts || item !== Desk.item()) return;
      const form = { token: Desk.token(), action: "split", event: item.dataset.event, version: Number(item.dataset.version), parts };
      if (!Desk.send(form)) return void notice(Desk.texts.twice, null);
      undoable.push({ token: form.token, event: form.event });
      toast(Desk.texts.split, () => undo());
    },
    attach: () => Desk.editing.attach(),
    review: () => decide("review", {}, Desk.texts.review),
    async edit() {
      const { title, titleZh, date } = Desk.item().dataset;
      const now = { title, title_zh: titleZh, date, ...changes() };
      const wanted = await Desk.dialogs.edit(now);
      if (!wanted) return;
      Desk.item().dataset.changes = JSON.stringify(wanted);
      Desk.titled(wanted);
      Desk.tell("changed");
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
    words: () => Desk.coding.words(),
    next: () => step(1),
    previous: () => step(-1),
    actors: () => Desk.coding.actors(),
    certainty: () => Desk.coding.certainty(),
    ask: () => Desk.coding.ask(),
    rationale: () => Desk.coding.rationale(),
    suggested: () => (Desk.forgetDraft(), show(Desk.item().dataset.event, { fresh: true })),
    preview: () => preview(0),
    take_first: () => takeOver(0),
    take_second: () => takeOver(1),
    open() {
      const link = stage.querySelector("[data-source]");
      if (link) window.open(link.href, "_blank", "noopener");
    },
    search: () => document.getElementById("q").focus(),
    async help() {
      const answer = await Desk.dialogs.help();
      if (answer && answer.undo) (undoing += 1), Desk.send({ action: "undo", decision: answer.undo });
    },
  };
  const NEED_ITEM = new Set(Object.keys(deeds).filter((name) => !["undo", "search", "help"].includes(name)));
  const NEED_OPEN = new Set(["dismiss", "snooze", "review"]);
  // A blind coding is coded or found irrelevant; an event that waits for one is only looked at.
  const WHILE_CODING = new Set(["accept", "dismiss", "irrelevant", "actors", "certainty", "ask", "rationale", "open", "help", "take_first", "take_second"]);
  const WHILE_WITHHELD = new Set(["next", "previous", "open", "search", "help", "undo"]);
  const DECIDING = new Set(["accept", "dismiss", "join", "split", "attach", "snooze", "review", "undo"]);

  /* One of the two codings that differ, as it stands, into the panel: the reviewer may still change it. */
  function put(button) {
    document.querySelectorAll("[data-take]").forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
    Desk.coding.put(JSON.parse(button.dataset.take));
  }
  function takeOver(place) {
    const button = document.querySelectorAll("[data-take]")[place];
    if (button) put(button);
  }

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

  /* Until an undone item is back at hand, no key decides the one that happens to be there. */
  function undo() {
    if ("practice" in body.dataset) return undefined;
    const last = undoable.pop();
    if (last && Desk.takeBack(last.token)) return bring(last.event);
    const button = last ? null : document.querySelector("#last [data-undo]");
    if (!last && !button) return toast(Desk.texts.nothingToUndo);
    if (button) button.closest("li").remove();
    undoing += 1;
    return Desk.send({ action: "undo", ...(last ? { step: last.token } : { decision: Number(button.dataset.undo) }) });
  }

  function perform(name) {
    const item = Desk.item();
    if (!(name in deeds) || (NEED_ITEM.has(name) && !item)) return undefined;
    if (body.dataset.coding && !WHILE_CODING.has(name)) return undefined;
    if (item && "withheld" in item.dataset && !WHILE_WITHHELD.has(name)) return undefined;
    const closed = !body.dataset.coding && !("practice" in body.dataset) && item && !("open" in item.dataset);
    if (NEED_OPEN.has(name) && closed) return undefined;
    if (DECIDING.has(name) && !("decides" in body.dataset)) return undefined;
    if (DECIDING.has(name) && name !== "undo") {
      if (undoing) return toast(Desk.texts.undoing);
      if (item.dataset.taken) return Desk.hold(), notice(item.dataset.taken, null);
      if (Desk.unsent(item.dataset.event)) return notice(Desk.texts.twice, null);
    }
    return deeds[name]();
  }
  Desk.perform = perform;
  Desk.noteUndo = (form) => {
    undoable.push({ token: form.token, event: form.event });
    toast(Desk.texts.done, () => undo());
  };

  // What the server said

  document.addEventListener("desk:saved", async ({ detail: { form, answer } }) => {
    if (form.action === "second" || form.action === "adjudicate") return location.assign(body.dataset.back);
    if (form.action === "undo") return (undoing = Math.max(0, undoing - 1)), back(answer);
    const item = Desk.item();
    const mine = item && item.dataset.event === answer.event;
    if (form.action === "split") {
      if (mine) item.dataset.version = answer.version;
      return list.more();
    }
    if (mine && ["attach", "detach", "move", "drop_source"].includes(form.action)) return show(answer.event, { fresh: true });
    if (mine && !["accept", "dismiss", "snooze", "merge", "review"].includes(form.action)) location.reload();
    else if (mine && onRecord()) location.assign(Desk.url("event", form.into || answer.event));
  });

  /* An undone item comes back to the top of the queue and to hand. */
  async function back(answer) {
    toast(`${Desk.texts.undone}: ${answer.title}`);
    await bring(answer.event, ["new", "proposed", "in_review", "snoozed"].includes(answer.status));
  }

  async function bring(event, waits = true) {
    const response = waits ? await Desk.get(`${Desk.url("rows")}?only=${event}`).catch(() => null) : null;
    if (response && response.ok && list.put(event, await response.text())) list.count(1);
    document.getElementById("end").hidden = true;
    return show(event, { fresh: true });
  }

  document.addEventListener("desk:refused", ({ detail: { form, answer } }) => {
    if (form.action === "undo") undoing = Math.max(0, undoing - 1);
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
      // A rationale is one sentence: Enter ends it.
      if (event.key === "Escape" || (event.key === "Enter" && typing.matches("[data-rationale]") && !event.shiftKey)) {
        event.preventDefault();
        typing.blur();
      }
      return;
    }
    if (!Desk.config.single || event.target.closest("[contenteditable]")) return;
    // A key that is held down decides nothing more; it only walks through the list.
    if (event.repeat && ![Desk.config.keys.next, Desk.config.keys.previous].includes(event.key)) return;
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
    else if (target.dataset.take) put(target);
    else if (target.matches("a[data-event]")) {
      event.preventDefault();
      target.dataset.wanted = "yes";
      show(target.dataset.event);
    }
  });

  if (Desk.item()) {
    const item = Desk.item();
    if (item.dataset.taken === undefined) item.dataset.claimed = "yes"; // by the server, before it sent the page
  }
  ready();
  // A search that finds nothing is changed where it was typed.
  if (!Desk.item() && body.dataset.query) document.getElementById("q").focus();
  const asking = location.hash.slice(1);
  if (Desk.item() && ["dismiss", "snooze", "join", "split", "attach", "edit", "help"].includes(asking)) perform(asking);
})();
