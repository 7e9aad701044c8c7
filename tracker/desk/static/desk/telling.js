"use strict";
/* What the desk tells the analyst: refusals that stay until closed, a word after each deed, effects on the scores. */
(() => {
  const Desk = window.Desk;
  const { body } = document;
  let timer = 0;
  let previewTimer = 0;

  Desk.item = () => document.getElementById("item");
  Desk.changes = () => JSON.parse(Desk.item().dataset.changes || "{}");

  function notice(text, event) {
    const place = document.getElementById("notices");
    const line = document.createElement("p");
    line.className = "notice warn";
    line.append(text);
    if (event) line.append(" ", button(Desk.texts.look, () => (line.remove(), Desk.show(event, { fresh: true }))));
    line.append(" ", button(Desk.texts.close, () => line.remove()));
    [...place.children].slice(0, -2).forEach((old) => old.remove());
    place.append(line);
  }

  function toast(text, act) {
    const place = document.getElementById("toast");
    place.textContent = text;
    if (act) place.append(" ", button(`${Desk.texts.undo} (${Desk.config.keys.undo})`, act));
    place.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(() => (place.hidden = true), 10000);
  }

  function button(text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  async function effect(asked) {
    try {
      const response = await Desk.post(Desk.url("preview"), { event: Desk.item().dataset.event, ...asked });
      return response.ok ? (await response.json()).effects : [];
    } catch {
      return [];
    }
  }

  function preview(wait = 250) {
    clearTimeout(previewTimer);
    previewTimer = setTimeout(async () => {
      const item = Desk.item();
      const place = document.getElementById("effects");
      if (!item || !place || body.dataset.coding) return;
      const coding = Desk.coding.read();
      if (!coding.assessments.length) return void (place.textContent = "");
      const { date } = Desk.changes();
      const found = await effect({ ...coding, ...(date ? { date } : {}) });
      if (item !== Desk.item()) return;
      Desk.dialogs.effects(place, found);
      if (!found.length) place.textContent = place.dataset.none;
    }, wait);
  }
  /* A coding that was begun survives a reload; a decision, or somebody else's, ends it. */
  const draftOf = (item) => `desk-draft-${item.dataset.event}-${item.dataset.version}`;
  function keepDraft() {
    const item = Desk.item();
    if (item && document.getElementById("panel")) sessionStorage.setItem(draftOf(item), JSON.stringify(Desk.coding.read()));
  }
  function takeDraft() {
    const draft = Desk.item() && sessionStorage.getItem(draftOf(Desk.item()));
    if (draft) Desk.coding.put(JSON.parse(draft));
  }
  const forgetDraft = () => Desk.item() && sessionStorage.removeItem(draftOf(Desk.item()));

  document.addEventListener("desk:changed", () => {
    keepDraft();
    preview();
  });
  Object.assign(Desk, { notice, toast, effect, preview, takeDraft, forgetDraft });
})();
