"use strict";
/* Who works on what: the item at hand is claimed for this page, the one left behind is given back. Claims leave one
   after another, and a decision waits for those asked for before it, so that the server sees everything in the
   analyst's order: no claim can arrive after the decision that ended it. A page gives back only what it holds itself:
   what a reload claimed anew stays claimed. */
(() => {
  const Desk = window.Desk;
  const { body } = document;
  const LONGEST = 5000; // milliseconds that a decision waits for a claim at most
  const RENEWED = 120000;
  const IDLE = 600000; // somebody who does nothing for so long works on nothing
  let line = Promise.resolve();
  let active = Date.now();

  function inLine(work) {
    line = line.then(work).catch(() => {
      /* Without a connection the decision itself will say whether somebody else was quicker. */
    });
    return line;
  }

  /* Resolves to whether this analyst has the item; undefined when it is decided already or nobody could say. */
  Desk.claim = (id) =>
    inLine(async () => {
      if (Desk.unsent(id)) return undefined;
      const rows = Desk.list.upcoming(id);
      const response = await Desk.post(Desk.url("claim", id), { rows });
      if (!response.ok && response.status !== 409) return undefined;
      const { kind, error, held, decided, ahead } = await response.json();
      Desk.list.stand(rows, held, decided, ahead);
      return response.ok || { kind, error };
    });

  const give = (id, going = "") => Desk.post(Desk.url("release", id) + going, {}, { keepalive: true });
  Desk.release = (id) => inLine(() => give(id));
  Desk.claimed = () => Promise.race([line, new Promise((go) => setTimeout(go, LONGEST))]);

  const held = () => {
    const item = Desk.item();
    return item && "open" in item.dataset && "decides" in body.dataset && !body.dataset.coding ? item : null;
  };

  /* Claim the item at hand; where somebody else has it, say so and go on. */
  async function hold() {
    const item = held();
    if (!item) return;
    const id = item.dataset.event;
    const answer = await Desk.claim(id);
    if (Desk.item() !== item) return;
    if (answer === true) item.dataset.claimed = "yes";
    else if (answer) Desk.tell("taken", { event: id, ...answer });
  }
  Desk.hold = hold;

  /* The page goes: nothing that waits in the line would still be sent. */
  addEventListener("pagehide", () => {
    if (held()) give(held().dataset.event, "?going").catch(() => {});
  });
  addEventListener("pageshow", (event) => event.persisted && hold());

  ["keydown", "pointerdown", "input"].forEach((name) =>
    addEventListener(name, () => {
      const slept = Date.now() - active > IDLE;
      active = Date.now();
      if (slept) hold();
    }, { capture: true, passive: true }));
  document.addEventListener("visibilitychange", () => document.hidden || hold());
  setInterval(() => document.hidden || Date.now() - active > IDLE || hold(), RENEWED);
})();
