// Takes the code from behind the '#', which no server has seen, out of the address bar and sends it.

function send(): void {
  const code = location.hash.slice(1);
  const field = document.getElementById("code");
  if (!code || !(field instanceof HTMLInputElement)) return;
  history.replaceState(null, "", location.pathname);
  field.value = code;
  field.form?.submit();
}

send();
// A link that is opened where this page is already open only changes what is behind the '#'.
addEventListener("hashchange", send);
