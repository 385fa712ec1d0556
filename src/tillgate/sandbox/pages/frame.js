/* Inside the sandbox's checkout page: tells the embedding page what happened, or goes back to the shop. */
(function () {
  "use strict";
  function tell(message) {
    var parent = new URLSearchParams(location.search).get("parent") || "*";
    if (window.parent !== window) {
      window.parent.postMessage(message, parent === "null" ? "*" : parent);
    }
  }
  var note = document.getElementById("message");
  if (note) {
    tell(JSON.parse(note.dataset.message));
  }
  var form = document.getElementById("return-form");
  if (form) {
    form.submit();
  }
  var close = document.getElementById("close");
  if (close) {
    close.addEventListener("click", function () { tell({ kind: "dismiss" }); });
  }
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      tell({ kind: "dismiss" });
    }
  });
})();
