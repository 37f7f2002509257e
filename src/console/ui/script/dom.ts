// Small helpers for a page that the service has drawn.

/** The element that the page was drawn with. */
export function at(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/** Changes a text only if it is another: a screen reader is told of nothing that stays. */
export function put(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The token that every form of this session carries. */
export function formToken(): string {
  return document.querySelector<HTMLInputElement>("input[name=form_token]")?.value ?? "";
}

/** A place that keeps texts. A browser that keeps nothing for us is no reason to stop: then it holds for this page only. */
function place(storage: () => Storage) {
  return {
    get(key: string): string | null {
      try {
        return storage().getItem(key);
      } catch {
        return null;
      }
    },
    set(key: string, value: string | null): void {
      try {
        if (value === null) storage().removeItem(key);
        else storage().setItem(key, value);
      } catch {
        // As said above.
      }
    },
  };
}

/** What this tab keeps until it is closed. */
export const tab = place(() => sessionStorage);

/** What this browser keeps. */
export const browser = place(() => localStorage);
