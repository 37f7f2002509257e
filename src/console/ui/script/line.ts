// The line to the service: a heartbeat each second, word of every new picture, and what silence means.

/** Without a heartbeat for so long the data dims and shows its age. */
export const DIM_MS = 3000;
/** After so long nothing on the page is to be relied on; a line that has gone silent is given up and tried anew. */
export const LOST_MS = 5000;
/** A new try comes after a random time between these. */
const RETRY_MS = { least: 800, most: 2000 };
const TICK_MS = 250;
/** A request that is not answered within this is given up: a browser makes only a few at a time to one server. */
const ANSWER_MS = 5000;

/** What the service says with each beat. */
export interface News {
  now_ms: number;
  /** Which picture there is. */
  version: number;
  /** Open P1 that nobody has taken. */
  waiting: number;
  /** The priorities of what was raised since the picture that was last heard of. */
  raised: number[];
}

/** What happens on the line: `news`; `picture` (a new one); `back` (after a loss); `tick` (time passes); `locked`; `left`. */
interface Happenings {
  news: News;
  picture: undefined;
  back: { silentMs: number; raised: number[] };
  tick: undefined;
  locked: undefined;
  left: undefined;
}

/** Asks the service for something that it answers at once, or within the time that is given. */
export function ask(url: string, options: RequestInit = {}, withinMs = ANSWER_MS): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(withinMs), ...options });
}

class Line {
  connected = false;
  /** The sign-in has ended: the page stays as it is. */
  signedOut = false;
  /** By the browser's clock, which no operator sets back. */
  private heardAt = performance.now();
  private serverMs = Number(document.body.dataset.now);
  private version = Number(document.body.dataset.version);
  private source: EventSource | null = null;
  private triedAt = -Infinity;
  private retryAt = Infinity;
  private readonly bus = new EventTarget();

  on<K extends keyof Happenings>(what: K, then: (detail: Happenings[K]) => void): void {
    this.bus.addEventListener(what, (event) => then((event as CustomEvent<Happenings[K]>).detail));
  }

  private tell<K extends keyof Happenings>(what: K, detail: Happenings[K]): void {
    this.bus.dispatchEvent(new CustomEvent(what, { detail }));
  }

  /** Starts to listen. */
  open(): void {
    this.connect();
    setInterval(() => this.tick(), TICK_MS);
  }

  /** How long nothing has been heard, milliseconds. */
  silentMs(): number {
    return performance.now() - this.heardAt;
  }

  /** The service's time, going on by the browser's clock. */
  nowMs(): number {
    return this.serverMs + this.silentMs();
  }

  /** The service's time as it was last heard. */
  heardMs(): number {
    return this.serverMs;
  }

  isDim(): boolean {
    return this.signedOut || this.silentMs() >= DIM_MS;
  }

  isLost(): boolean {
    return this.signedOut || this.silentMs() >= LOST_MS;
  }

  private tick(): void {
    // Also a try to connect that nobody answers is given up.
    const quietMs = performance.now() - Math.max(this.heardAt, this.triedAt);
    if (this.source && quietMs >= LOST_MS) this.drop();
    if (!this.signedOut && performance.now() > this.retryAt) this.connect();
    this.tell("tick", undefined);
  }

  private connect(): void {
    this.retryAt = Infinity;
    this.triedAt = performance.now();
    // It goes on from the picture that was last heard of, or with which the page was drawn.
    const source = new EventSource(`/live?after=${this.version}`);
    for (const kind of ["heartbeat", "board"]) {
      source.addEventListener(kind, (event: MessageEvent<string>) => this.hear(JSON.parse(event.data) as News));
    }
    source.addEventListener("locked", () => this.lock());
    source.addEventListener("signed-out", () => this.leave());
    source.onerror = () => this.drop();
    this.source = source;
  }

  private hear(news: News): void {
    const wasDim = this.isDim();
    const silentMs = this.silentMs();
    const isNew = news.version !== this.version || !this.connected;
    this.connected = true;
    this.heardAt = performance.now();
    this.serverMs = news.now_ms;
    this.version = news.version;
    if (isNew) this.tell("picture", undefined);
    this.tell("news", news);
    if (wasDim) this.tell("back", { silentMs, raised: news.raised });
    this.tell("tick", undefined);
  }

  private drop(): void {
    this.close();
    this.retryAt = performance.now() + RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least);
    // A refused feed looks like a lost one; a page that is refused says which.
    ask("/live", { method: "HEAD" }).then(
      (answer) => answer.status === 401 && this.leave(),
      () => {},
    );
  }

  /** Nobody has touched anything for long: the page shows nobody's data any more, and the line goes on. */
  lock(): void {
    this.tell("locked", undefined);
  }

  /** The sign-in has ended. */
  leave(): void {
    this.signedOut = true;
    this.close();
    this.tell("left", undefined);
    this.tell("tick", undefined);
  }

  private close(): void {
    this.source?.close();
    this.source = null;
    this.connected = false;
  }
}

export const line = new Line();
