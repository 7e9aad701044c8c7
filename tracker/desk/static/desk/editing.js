"use strict";
/* What an event rests on: reports attached, taken out, moved; sources taken off. Each shows first what it does to the
   scores of what is on record, asks for the reason that readers will see there, and is undone like any decision. */
(() => {
  const Desk = window.Desk;
  const onRecord = () => "onRecord" in Desk.item().dataset;

  async function send(action, more) {
    const item = Desk.item();
    const form = { token: Desk.token(), action, event: item.dataset.event, version: Number(item.dataset.version), ...more };
    if (Desk.send(form)) Desk.noteUndo(form);
    else Desk.notice(Desk.texts.twice, null);
  }

  /* The reason, where readers will see it; "" for a proposal; null where the question was given up. */
  const reason = (effect) => (onRecord() ? Desk.dialogs.why(effect) : "");

  Desk.editing = {
    async attach() {
      const item = Desk.item();
      const found = await Desk.dialogs.attach({ onRecord: onRecord() });
      if (found && item === Desk.item()) send("attach", { articles: [found.article], why: found.why });
    },
    async detach(article) {
      const why = await reason(["detach", { articles: [article] }]);
      if (why !== null) send("detach", { articles: [article], why });
    },
    async move(article) {
      const item = Desk.item();
      const found = await Desk.dialogs.find({
        without: item.dataset.event,
        onRecord: onRecord(),
        anywhere: true,
        title: Desk.texts.moveTo,
        effect: (into) => ["move", { articles: [article], into }],
      });
      if (found && item === Desk.item()) send("move", { articles: [article], into: found.event, why: found.why });
    },
    async drop(source) {
      const why = await reason(["drop_source", { source }]);
      if (why) send("drop_source", { source, why });
    },
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-report], [data-drop], [data-all-reports]");
    if (!button) return;
    if (button.dataset.drop) return void Desk.editing.drop(button.dataset.drop);
    if (button.dataset.report) {
      return void Desk.editing[button.dataset.report](Number(button.closest("[data-article]").dataset.article));
    }
    await Desk.allReports();
  });

  /* The item holds its first reports; the split, and whoever asks, needs them all. */
  Desk.allReports = async () => {
    const button = document.querySelector("[data-all-reports]");
    if (!button) return;
    const response = await Desk.get(Desk.url("reports", Desk.item().dataset.event)).catch(() => null);
    if (!response || !response.ok || !button.isConnected) return;
    document.getElementById("reports").innerHTML = await response.text();
    button.remove();
  };
})();
