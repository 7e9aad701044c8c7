// Tells the page around a card how tall the card is, so that its frame can be made to fit:
// {type: "scorecard:height", address: the card's own, height: pixels}. Nothing else is said, and nothing is listened to.
(() => {
  "use strict";
  if (window.parent === window) return;
  const tell = () =>
    window.parent.postMessage(
      { type: "scorecard:height", address: window.location.href, height: Math.ceil(document.body.scrollHeight) }, "*");
  new ResizeObserver(tell).observe(document.body);
  tell();
})();
