// AbortController and AbortSignal.
const { ArrayFrom, DOMException, List, Number, RangeError, TypeError } = m3m.primordials;
const { Event, EventTarget, addListener, dispatch } = m3m.events;

const key = Symbol('AbortSignal'); // lets only this file construct signals

class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  #followers = List();
  onabort = null;

  constructor(given) {
    if (given !== key) throw new TypeError('AbortSignal cannot be constructed; use AbortController');
    super();
  }

  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  throwIfAborted() { if (this.#aborted) throw this.#reason; }

  static abort(reason) {
    const signal = new AbortSignal(key);
    abortSignal(signal, reason);
    return signal;
  }

  static timeout(ms) {
    const delay = Number(ms);
    if (!(delay >= 0)) throw m3m.newError('invalid_argument', 'AbortSignal.timeout: ms must be a number from 0', RangeError);
    const signal = new AbortSignal(key);
    m3m.timers.add(() => abortSignal(signal, new DOMException('The operation timed out', 'TimeoutError')), delay, [], false);
    return signal;
  }

  static any(signals) {
    const signal = new AbortSignal(key);
    const sources = ArrayFrom(signals);
    for (let i = 0; i < sources.length; i++) {
      if (!isSignal(sources[i])) throw new TypeError('AbortSignal.any: signals must be AbortSignals');
      if (sources[i].#aborted) {
        abortSignal(signal, sources[i].#reason);
        return signal;
      }
    }
    for (let i = 0; i < sources.length; i++) {
      const followers = sources[i].#followers;
      followers[followers.length] = signal;
    }
    return signal;
  }

  static abortSignal(signal, reason) {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason === undefined ? new DOMException('The operation was aborted', 'AbortError') : reason;
    dispatch(signal, new Event('abort'), signal.onabort);
    const followers = signal.#followers;
    signal.#followers = List();
    for (let i = 0; i < followers.length; i++) abortSignal(followers[i], signal.#reason);
  }

  static isSignal(value) { return typeof value === 'object' && value !== null && #aborted in value; }
}
const { abortSignal, isSignal } = m3m.takeStatics(AbortSignal, ['abortSignal', 'isSignal']);

class AbortController {
  #signal = new AbortSignal(key);

  get signal() { return this.#signal; }
  abort(reason) { abortSignal(this.#signal, reason); }
}

// For host calls that take a signal.
m3m.abort = { __proto__: null, isSignal, addListener };
m3m.defineClass(AbortSignal);
m3m.defineClass(AbortController);
