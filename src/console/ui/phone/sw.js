// Shows what is pushed, and opens its page when it is tapped. It keeps nothing and sees no other traffic.
"use strict";
const NOTHING = { title: "1", navigate: "/answer" };

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("push", (event) => {
  let shown = NOTHING;
  try {
    shown = event.data.json().notification ?? NOTHING;
  } catch { /* a browser that is shown nothing takes the permission away */ }
  const { title, navigate, ...options } = shown;
  event.waitUntil(registration.showNotification(title, { ...options, data: navigate }));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  const page = new URL(event.notification.data ?? NOTHING.navigate, location.origin);
  if (page.origin === location.origin) event.waitUntil(clients.openWindow(page.href));
});
