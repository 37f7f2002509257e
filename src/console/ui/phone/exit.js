// Leaves at once, and leaves no way back to here.
"use strict";
document.getElementById("exit").addEventListener("click", (event) => {
  event.preventDefault();
  document.body.hidden = true;
  location.replace(event.currentTarget.href);
});
