"use strict";
/* Who works on what: the item at hand is claimed, the one left behind is given back. Claims leave one after another,
   and a decision waits for those asked for before it, so that the server sees everything in the analyst's order: no
   claim can arrive after the decision that ended it. */
(() => {
  const Desk = window.Desk;
  const LONGEST = 5000; // milliseconds that a decision waits for a claim at most
  let line = Promise.resolve();

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
      const response = await Desk.post(Desk.url("claim", id));
      if (response.ok) return true;
      return response.status === 409 ? false : undefined;
    });

  const give = (id) => Desk.post(Desk.url("release", id), {}, { keepalive: true });
  Desk.release = (id) => inLine(() => give(id));

  /* The page goes: nothing that waits in the line would still be sent. */
  addEventListener("pagehide", () => {
    if (Desk.item() && "decides" in document.body.dataset) give(Desk.item().dataset.event).catch(() => {});
  });

  Desk.claimed = () => Promise.race([line, new Promise((go) => setTimeout(go, LONGEST))]);
})();
