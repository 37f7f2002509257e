// Asks the browser to show messages, and sends Cordon where to send them.
"use strict";
const form = document.getElementById("enrol");
const button = form.querySelector("button");

function tell(what) {
  const told = document.getElementById("told");
  for (const line of told.children) line.hidden = line.dataset.when !== what;
  told.scrollIntoView({ block: "nearest" });
  button.disabled = what === "working" || what === "done" || what === "used";
}

// A browser that cannot reach its maker's push service may never answer.
const WAIT_MS = 15_000;

function inTime(promise) {
  return Promise.race([promise, new Promise((_, reject) => setTimeout(reject, WAIT_MS, new Error("timeout")))]);
}

// A browser has one subscription for this site; one that was made for another key is in the way.
async function subscribe(pushManager) {
  const wanted = { userVisibleOnly: true, applicationServerKey: form.dataset.key };
  try {
    return await pushManager.subscribe(wanted);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    await (await pushManager.getSubscription())?.unsubscribe();
    return pushManager.subscribe(wanted);
  }
}

async function enrol() {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return "unable";
  if (await Notification.requestPermission() !== "granted") return "denied";
  await navigator.serviceWorker.register("/sw.js");
  const worker = await navigator.serviceWorker.ready;
  const subscription = await inTime(subscribe(worker.pushManager));
  const answer = await fetch(location.pathname, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(subscription),
  });
  return answer.ok ? "done" : answer.status === 410 ? "used" : "failed";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  tell("working");
  let what = "failed";
  try {
    what = await enrol();
  } catch { /* as it stands */ }
  tell(what);
  // Whoever looks at the history finds nothing here.
  if (what === "done") history.replaceState(null, "", "/enrol");
});
