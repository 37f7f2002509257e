// The console's tones, made in the browser. None is like another, and danger is like nothing else.
//
// What is to sound when the service has gone silent is put in beforehand, on the sound card's own clock: it comes also
// if this page is in the background, or has come to a standstill itself.

import { LOST_MS } from "./line";

/** A pulse: from when and for how long, seconds; from which pitch to which, hertz. */
type Pulse = readonly [from: number, length: number, hz: number, toHz?: number];

/** In the shape of medical alarms (IEC 60601-1-8): five quick pulses for danger, three for trouble, two for upkeep. */
const TONES = {
  p1: { length: 2.2, loud: 0.9, pulses: [[0, 0.14, 880], [0.2, 0.14, 880], [0.4, 0.14, 1175], [0.75, 0.14, 988], [0.95, 0.22, 1175]] },
  p2: { length: 1.4, loud: 0.6, pulses: [[0, 0.22, 587], [0.38, 0.22, 587], [0.76, 0.3, 494]] },
  p3: { length: 0.9, loud: 0.4, pulses: [[0, 0.18, 440], [0.3, 0.24, 370]] },
  loss: { length: 2.4, loud: 0.9, pulses: [[0, 1.0, 740, 330], [1.2, 1.0, 740, 330]] },
  test: { length: 1.2, loud: 0.6, pulses: [[0, 0.16, 523], [0.22, 0.16, 659], [0.44, 0.4, 784]] },
} as const satisfies Record<string, { length: number; loud: number; pulses: readonly Pulse[] }>;

export type Tone = keyof typeof TONES;

/** A pulse swells and fades this long, so that it does not click. */
const EDGE_S = 0.015;

/** A browser that allows sound does so within this, milliseconds. */
const OPEN_MS = 500;

class Sound {
  private context: AudioContext | null = null;
  private opening = false;
  private danger: AudioBufferSourceNode | null = null;
  private loss: AudioBufferSourceNode | null = null;
  private lossAt = Infinity;
  private lossSilenced = false;
  private readonly buffers = new Map<Tone, AudioBuffer>();

  /** Called whenever it may have become audible, or have stopped being so. */
  onchange: () => void = () => {};

  /** Asks the browser for sound. It grants that to a page whose reader has pressed something. */
  async open(): Promise<void> {
    if (!this.context) {
      this.context = new AudioContext({ latencyHint: "interactive" });
      this.context.onstatechange = () => this.onchange();
    }
    // A browser that waits for a press leaves this unanswered.
    this.opening = true;
    if (!this.isRunning()) await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, OPEN_MS))]);
    this.opening = false;
    this.onchange();
  }

  /** Whether this page can be heard, as far as a browser can know. */
  isRunning(): boolean {
    return this.context?.state === "running";
  }

  /** Whether the browser keeps it silent. */
  isBlocked(): boolean {
    return !this.isRunning() && !this.opening;
  }

  /** A tone once. */
  once(tone: Tone): void {
    this.start(tone, false, 0);
  }

  /** Danger sounds again and again as long as it is nobody's. */
  setDanger(on: boolean): void {
    if (on === (this.danger !== null)) return;
    this.danger?.stop();
    this.danger = on ? this.start("p1", true, 0) : null;
  }

  /** The service was heard so long ago, milliseconds: the tone for its silence is put off. */
  heard(agoMs: number): void {
    const leftS = Math.max(0, LOST_MS - agoMs) / 1000;
    this.loss?.stop();
    this.lossSilenced = false;
    this.loss = this.start("loss", true, leftS);
    this.lossAt = this.context ? this.context.currentTime + leftS : Infinity;
  }

  /** Nothing sounds any more, nor will. */
  close(): void {
    this.setDanger(false);
    this.loss?.stop();
    this.loss = null;
    this.lossAt = Infinity;
  }

  isLossHeard(): boolean {
    return this.isRunning() && !this.lossSilenced && (this.context?.currentTime ?? 0) >= this.lossAt;
  }

  /** Whoever is at the telephone has heard it. It comes again with the next loss. */
  silenceLoss(): void {
    this.loss?.stop();
    this.loss = null;
    this.lossSilenced = true;
  }

  private start(tone: Tone, repeats: boolean, afterS: number): AudioBufferSourceNode | null {
    if (!this.context) return null;
    const source = this.context.createBufferSource();
    source.buffer = this.buffer(this.context, tone);
    source.loop = repeats;
    source.connect(this.context.destination);
    source.start(this.context.currentTime + afterS);
    return source;
  }

  private buffer(context: AudioContext, tone: Tone): AudioBuffer {
    const known = this.buffers.get(tone);
    if (known) return known;
    const { length, loud, pulses } = TONES[tone];
    const rate = context.sampleRate;
    const buffer = context.createBuffer(1, Math.ceil(length * rate), rate);
    const samples = buffer.getChannelData(0);
    for (const pulse of pulses) addPulse(samples, rate, loud, pulse);
    this.buffers.set(tone, buffer);
    return buffer;
  }
}

function addPulse(samples: Float32Array, rate: number, loud: number, [from, length, hz, toHz = hz]: Pulse): void {
  const count = Math.floor(length * rate);
  const edge = EDGE_S * rate;
  let phase = 0;
  for (let i = 0; i < count; i += 1) {
    phase += (2 * Math.PI * (hz + ((toHz - hz) * i) / count)) / rate;
    const swell = Math.min(1, i / edge, (count - i) / edge);
    // Overtones are what makes it heard over a room, and told where it comes from.
    const wave = Math.sin(phase) + 0.4 * Math.sin(2 * phase) + 0.25 * Math.sin(3 * phase);
    const place = Math.floor(from * rate) + i;
    samples[place] = (samples[place] ?? 0) + (loud * swell * wave) / 1.65;
  }
}

export const sound = new Sound();
