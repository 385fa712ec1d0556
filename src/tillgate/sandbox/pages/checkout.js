/* The sandbox's stand-in for Razorpay's checkout.js: new Razorpay(options).open(), .close(), .on(name, listener).
 * It shows the sandbox's checkout page in a frame over the shop's page and talks to nothing else. The shop's page
 * needs `script-src` and `frame-src` of the sandbox's origin; `form-action` of callback_url where that is used. */
(function () {
  "use strict";
  var base = document.currentScript.src.replace(/\/checkout\.js.*$/, "");
  var origin = new URL(base).origin;

  function Razorpay(options) {
    if (!options || !options.key) {
      throw new Error("No key passed");
    }
    this.options = options;
    this.listeners = {};
    this.overlay = null;
  }

  Razorpay.prototype.on = function (name, listener) {
    (this.listeners[name] = this.listeners[name] || []).push(listener);
    return this;
  };

  Razorpay.prototype.open = function () {
    if (this.overlay) {
      return this;
    }
    var self = this;
    var options = this.options;
    var values = {
      key_id: options.key, order_id: options.order_id, amount: options.amount, currency: options.currency,
      name: options.name, description: options.description, parent: location.origin, mode: "frame",
      method: options.prefill && options.prefill.method,
      retry: options.retry && options.retry.enabled === false ? "0" : "1"
    };
    var query = new URLSearchParams();
    Object.keys(values).forEach(function (name) {
      if (values[name] !== undefined && values[name] !== null) {
        query.set(name, values[name]);
      }
    });
    this.overlay = document.createElement("iframe");
    this.overlay.className = "razorpay-checkout-frame";
    this.overlay.title = "Checkout";
    this.overlay.src = base + "/checkout/public?" + query;
    var style = this.overlay.style;
    style.position = "fixed";
    style.inset = "0";
    style.width = "100%";
    style.height = "100%";
    style.border = "0";
    style.zIndex = "2147483647";
    style.background = "rgba(16, 21, 29, 0.6)";
    this.receive = function (event) {
      if (event.origin === origin && self.overlay && event.source === self.overlay.contentWindow) {
        self.take(event.data);
      }
    };
    window.addEventListener("message", this.receive);
    if (options.timeout) {
      this.timer = setTimeout(function () { self.take({ kind: "dismiss" }); }, options.timeout * 1000);
    }
    document.body.appendChild(this.overlay);
    return this;
  };

  Razorpay.prototype.close = function () {
    if (this.overlay) {
      window.removeEventListener("message", this.receive);
      clearTimeout(this.timer);
      this.overlay.remove();
      this.overlay = null;
    }
  };

  Razorpay.prototype.take = function (message) {
    var options = this.options;
    if (message.kind === "success") {
      this.close();
      if (options.callback_url && (options.redirect || !options.handler)) {
        send(options.callback_url, message.response);
        return;
      }
      for (var turn = 0; turn < message.times; turn += 1) {
        options.handler(message.response);
      }
    } else if (message.kind === "failed") {
      (this.listeners["payment.failed"] || []).forEach(function (listener) {
        listener({ error: message.error });
      });
      if (options.callback_url && options.redirect) {
        this.close();
        send(options.callback_url, message.fields);
      }
    } else if (message.kind === "dismiss") {
      this.close();
      if (options.modal && options.modal.ondismiss) {
        options.modal.ondismiss();
      }
    }
  };

  function send(url, values) {
    var form = document.createElement("form");
    form.method = "post";
    form.action = url;
    Object.keys(values).forEach(function (name) {
      var field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = values[name];
      form.appendChild(field);
    });
    document.body.appendChild(form);
    form.submit();
  }

  window.Razorpay = Razorpay;
})();
