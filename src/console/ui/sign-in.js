// Takes the code from behind the '#', which no server has seen, out of the address bar and sends it.
"use strict";
const code = location.hash.slice(1);
if (code) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("code").value = code;
  document.getElementById("sign-in").submit();
}
