// Event, CustomEvent and EventTarget, without the phases of a tree: there is no document.
const { DOMException, List, ReflectApply, String, TypeError, uncurry } = m3m.primordials;

const NONE = 0;
const AT_TARGET = 2;

class Event {
  #type;
  #cancelable;
  #bubbles;
  #target = null;
  #phase = NONE;
  #stopped = false;
  #prevented = false;
  #timeStamp = m3m.host.now();

  constructor(type, options) {
    if (arguments.length === 0) throw new TypeError('Event: type is missing');
    this.#type = String(type);
    this.#bubbles = !!options?.bubbles;
    this.#cancelable = !!options?.cancelable;
  }

  get type() { return this.#type; }
  get bubbles() { return this.#bubbles; }
  get cancelable() { return this.#cancelable; }
  get composed() { return false; }
  get isTrusted() { return false; }
  get target() { return this.#target; }
  get currentTarget() { return this.#phase === NONE ? null : this.#target; }
  get eventPhase() { return this.#phase; }
  get defaultPrevented() { return this.#prevented; }
  get timeStamp() { return this.#timeStamp; }
  composedPath() { return this.#phase === NONE ? [] : [this.#target]; }
  preventDefault() { if (this.#cancelable) this.#prevented = true; }
  stopPropagation() {}
  stopImmediatePropagation() { this.#stopped = true; }

  static isEvent(value) { return typeof value === 'object' && value !== null && #type in value; }
  static begin(event, target) {
    if (event.#phase !== NONE) throw new DOMException('the event is being dispatched', 'InvalidStateError');
    event.#target = target;
    event.#phase = AT_TARGET;
    event.#stopped = false;
  }
  static end(event) { event.#phase = NONE; }
  static stopped(event) { return event.#stopped; }
  static prevented(event) { return event.#prevented; }
  static typeOf(event) { return event.#type; }
}
const { isEvent, begin, end, stopped, prevented, typeOf } = m3m.takeStatics(
  Event, ['isEvent', 'begin', 'end', 'stopped', 'prevented', 'typeOf']);

class CustomEvent extends Event {
  #detail;

  constructor(type, options) {
    super(type, options);
    this.#detail = options?.detail ?? null;
  }

  get detail() { return this.#detail; }
}

// What a listener throws is logged and does not stop the others, as on the web.
const call = (target, event, callback) => {
  try {
    if (typeof callback === 'function') ReflectApply(callback, target, [event]);
    else callback.handleEvent(event);
  } catch (error) {
    m3m.host.log('error', `Uncaught in an event listener: ${m3m.inspect(error)}`);
  }
};

class EventTarget {
  #listeners = List();

  addEventListener(type, callback, options) {
    if (callback === null || callback === undefined) return;
    if (typeof callback !== 'function' && typeof callback !== 'object') {
      throw new TypeError('addEventListener: callback must be a function or an object with handleEvent');
    }
    const name = String(type);
    const signal = typeof options === 'object' ? options?.signal : undefined;
    if (signal?.aborted) return;
    for (let i = 0; i < this.#listeners.length; i++) {
      if (this.#listeners[i].name === name && this.#listeners[i].callback === callback) return;
    }
    const once = typeof options === 'object' && !!options?.once;
    this.#listeners[this.#listeners.length] = { __proto__: null, name, callback, once };
    if (signal !== undefined) addListener(signal, 'abort', () => this.#remove(name, callback));
  }

  removeEventListener(type, callback) { this.#remove(String(type), callback); }

  #remove(name, callback) {
    const rest = List();
    for (let i = 0; i < this.#listeners.length; i++) {
      const entry = this.#listeners[i];
      if (entry.name !== name || entry.callback !== callback) rest[rest.length] = entry;
    }
    this.#listeners = rest;
  }

  dispatchEvent(event) {
    if (!isEvent(event)) throw new TypeError('dispatchEvent: event must be an Event');
    return this.#dispatch(event, undefined);
  }

  // `property` is the value of the target's on… attribute, called first.
  #dispatch(event, property) {
    begin(event, this);
    const listeners = this.#listeners;
    const count = listeners.length;
    const name = typeOf(event);
    if (typeof property === 'function') call(this, event, property);
    for (let i = 0; i < count && !stopped(event); i++) {
      const entry = listeners[i];
      if (entry.name !== name || !this.#has(entry)) continue;
      if (entry.once) this.#remove(name, entry.callback);
      call(this, event, entry.callback);
    }
    end(event);
    return !prevented(event);
  }

  #has(entry) {
    for (let i = 0; i < this.#listeners.length; i++) if (this.#listeners[i] === entry) return true;
    return false;
  }

  static dispatch(target, event, property) { return target.#dispatch(event, property); }
}
const { dispatch } = m3m.takeStatics(EventTarget, ['dispatch']);
const addListener = uncurry(EventTarget.prototype.addEventListener);

m3m.events = { __proto__: null, Event, EventTarget, addListener, dispatch };
m3m.defineClass(Event);
m3m.defineClass(CustomEvent);
m3m.defineClass(EventTarget);
