// Sends the code's form by itself once all its digits are there, typed, pasted or filled in.
(() => {
  "use strict";
  const field = document.querySelector("input[data-code]");
  if (!field) return;
  field.addEventListener("input", () => {
    const digits = field.value.replace(/\D/g, "");
    if (digits.length === Number(field.dataset.code)) field.form.requestSubmit();
  });
})();
