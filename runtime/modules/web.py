"""The web's own names: addresses, text, events, headers, requests and responses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from runtime.modules.declaration import HostClass, HostFunction, HostModule, HostProperty

URL = """\
declare class URL {
  constructor(url: string, base?: string | URL);
  static canParse(url: string, base?: string | URL): boolean;
  static parse(url: string, base?: string | URL): URL | null;
  hash: string;
  host: string;
  hostname: string;
  href: string;
  readonly origin: string;
  password: string;
  pathname: string;
  port: string;
  protocol: string;
  search: string;
  readonly searchParams: URLSearchParams;
  username: string;
  toJSON(): string;
  toString(): string;
}"""

URL_SEARCH_PARAMS = """\
declare class URLSearchParams {
  constructor(init?: string | { [key: string]: string } | [string, string][] | URLSearchParams);
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(callback: (value: string, name: string, params: URLSearchParams) => void): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  toString(): string;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}"""

TEXT_ENCODER = """\
declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}"""

TEXT_DECODER = """\
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(bytes?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}"""

HEADERS = """\
declare class Headers {
  constructor(init?: { [key: string]: string } | [string, string][] | Headers);
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getSetCookie(): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  forEach(callback: (value: string, name: string, headers: Headers) => void): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}"""

BODY = """\
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array>;
  json(): Promise<any>;
  text(): Promise<string>;
"""

REQUEST = f"""\
declare class Request {{
  constructor(input: string | URL | Request, init?: RequestInit);
  readonly headers: Headers;
  readonly method: string;
  readonly redirect: string;
  readonly signal: AbortSignal;
  readonly url: string;
  clone(): Request;
{BODY}}}"""

RESPONSE = f"""\
declare class Response {{
  constructor(body?: BodyInit | null, init?: ResponseInit);
  static error(): Response;
  static json(data: any, init?: ResponseInit): Response;
  static redirect(url: string | URL, status?: number): Response;
  readonly headers: Headers;
  readonly ok: boolean;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly type: string;
  readonly url: string;
  clone(): Response;
{BODY}}}"""

EVENT = """\
declare class Event {
  constructor(type: string, init?: { bubbles?: boolean; cancelable?: boolean });
  readonly bubbles: boolean;
  readonly cancelable: boolean;
  readonly composed: boolean;
  readonly currentTarget: EventTarget | null;
  readonly defaultPrevented: boolean;
  readonly eventPhase: number;
  readonly isTrusted: boolean;
  readonly target: EventTarget | null;
  readonly timeStamp: number;
  readonly type: string;
  composedPath(): EventTarget[];
  preventDefault(): void;
  stopImmediatePropagation(): void;
  stopPropagation(): void;
}"""

CUSTOM_EVENT = """\
declare class CustomEvent<T = any> extends Event {
  constructor(type: string, init?: { bubbles?: boolean; cancelable?: boolean; detail?: T });
  readonly detail: T;
}"""

EVENT_TARGET = """\
declare class EventTarget {
  addEventListener(type: string, listener: EventListener | null, options?: boolean | ListenerOptions): void;
  dispatchEvent(event: Event): boolean;
  removeEventListener(type: string, listener: EventListener | null): void;
}"""

ABORT_CONTROLLER = """\
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: any): void;
}"""

ABORT_SIGNAL = """\
declare class AbortSignal extends EventTarget {
  private constructor();
  static abort(reason?: any): AbortSignal;
  static any(signals: AbortSignal[]): AbortSignal;
  static timeout(ms: number): AbortSignal;
  readonly aborted: boolean;
  onabort: ((event: Event) => void) | null;
  readonly reason: any;
  throwIfAborted(): void;
}"""

INTERFACES = """\
type BodyInit = string | Uint8Array | ArrayBuffer | URLSearchParams;
interface RequestInit {
  method?: string;
  headers?: { [key: string]: string } | [string, string][] | Headers;
  body?: BodyInit | null;
  redirect?: 'follow' | 'error' | 'manual';
  signal?: AbortSignal | null;
}
interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: { [key: string]: string } | [string, string][] | Headers;
}
type EventListener = ((event: any) => void) | { handleEvent(event: any): void };
interface ListenerOptions {
  once?: boolean;
  signal?: AbortSignal;
}
"""

MODULE = HostModule(
    name="web",
    doc=_(
        "The web's own names, as browsers have them. They run inside the sandbox and reach nothing outside."
    ),
    interfaces=INTERFACES,
    functions=(
        HostFunction(
            "structuredClone",
            "<T>(value: T): T",
            _("A deep copy, also of maps, sets, dates, typed arrays, errors and cycles."),
            "const copy = structuredClone({ seen: new Set([1, 2]) });",
            (("DataCloneError", _("it holds a function or a symbol")),),
        ),
        HostFunction(
            "atob",
            "(text: string): string",
            _("Decodes base64 into a string with one character for each byte."),
            "logger.info(atob('aGVsbG8='));",
            (("InvalidCharacterError", _("it is not base64")),),
        ),
        HostFunction(
            "btoa",
            "(text: string): string",
            _("Encodes a string with one character for each byte as base64."),
            "logger.info(btoa('hello'));",
            (("InvalidCharacterError", _("it has a character above U+00FF")),),
        ),
    ),
    classes=(
        HostClass(
            URL,
            _("An address and its parts, by the URL standard."),
            "const url = new URL('/users?page=2', 'https://example.org');\nlogger.info(url.searchParams.get('page'));",
        ),
        HostClass(
            URL_SEARCH_PARAMS,
            _("The names and values of a query string."),
            "const query = new URLSearchParams({ page: '2' });\nlogger.info(query.toString());",
        ),
        HostClass(
            TEXT_ENCODER, _("Text to bytes, in UTF-8."), "const bytes = new TextEncoder().encode('héllo');"
        ),
        HostClass(
            TEXT_DECODER,
            _("Bytes to text: utf-8, utf-16le or latin1."),
            "logger.info(new TextDecoder().decode(new Uint8Array([104, 105])));",
        ),
        HostClass(
            HEADERS,
            _("Headers of a request or response; names in any case."),
            "const headers = new Headers({ 'X-Kind': 'demo' });\nlogger.info(headers.get('x-kind'));",
        ),
        HostClass(
            REQUEST,
            _("A request that may be passed around."),
            "const request = new Request('https://example.org/', { method: 'POST', body: 'hello' });",
        ),
        HostClass(
            RESPONSE,
            _("A response; a handler may return one."),
            "router.get('/plain', () => new Response('hello', { status: 201 }));",
        ),
        HostClass(EVENT, _("Something that happened."), "const event = new Event('ready');"),
        HostClass(
            CUSTOM_EVENT,
            _("An event that carries a value."),
            "const event = new CustomEvent('sold', { detail: { count: 3 } });",
        ),
        HostClass(
            EVENT_TARGET,
            _("What events are sent to and listened for."),
            "const bus = new EventTarget();\nbus.addEventListener('ready', () => logger.info('ready'));\nbus.dispatchEvent(new Event('ready'));",
        ),
        HostClass(
            ABORT_CONTROLLER,
            _("Gives a signal, and the button to it."),
            "const controller = new AbortController();\ncontroller.abort();",
        ),
        HostClass(
            ABORT_SIGNAL,
            _("Tells work that it is no longer wanted."),
            "const signal = AbortSignal.timeout(1000);",
        ),
    ),
)

PERFORMANCE = HostModule(
    name="performance",
    names=("performance",),
    doc=_("A clock that never goes back."),
    properties=(HostProperty("timeOrigin", "number", _("When this attempt was started, in ms since 1970.")),),
    functions=(
        HostFunction(
            "now",
            "(): number",
            _("Milliseconds since this attempt was started, with a fraction."),
            "const before = performance.now();\nlogger.info(`took ${performance.now() - before} ms`);",
        ),
    ),
)
