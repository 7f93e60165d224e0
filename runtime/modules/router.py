"""router: the routes of a service."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from runtime.modules.declaration import HostFunction, HostModule

INTERFACES = """\
/** What answers a request. A returned object whose `status` is a number is a response; any other value is the JSON body
 * with 200, a string is text, a Uint8Array is binary, undefined is 204 unless a function of ctx has made a response. */
type RouteHandler = (ctx: RequestContext) => ResponseData | any;
/** Runs before handlers; returning false (403) or a response ends the request. */
type Middleware = (ctx: RequestContext) => boolean | void | ResponseData | Promise<boolean | void | ResponseData>;
interface ResponseData {
  status: number;
  body?: any;
  headers?: { [key: string]: string | string[] };
}
interface CookieOptions {
  /** Seconds to live. */
  maxAge?: number;
  expires?: Date | number;
  path?: string;
  domain?: string;
  secure?: boolean;
  httpOnly?: boolean;
  sameSite?: 'strict' | 'lax' | 'none';
}
interface CORSConfig {
  /** Origins whose pages may read answers; ['*'] for all. */
  origins: string[];
  methods?: string[];
  /** Request headers that pages may send; all that are asked for unless given. */
  headers?: string[];
  /** Answer headers that pages may read. */
  exposeHeaders?: string[];
  credentials?: boolean;
  /** Seconds for which a browser may remember the answer to a preflight request. */
  maxAge?: number;
}
interface RequestContext {
  readonly method: string;
  /** Path below the slug, percent-decoded. */
  readonly path: string;
  /** Values of the :params of the route; the rest of the path as params['*']. */
  readonly params: { [key: string]: string };
  /** Values of the query string; of a repeated name the first. */
  readonly query: { [key: string]: string };
  /** The query string as it came, without '?'. */
  readonly rawQuery: string;
  /** Lower-case names; other spellings are found as well. */
  readonly headers: { [key: string]: string };
  readonly cookies: { [key: string]: string };
  /** Parsed if the type is JSON or a form, else text, or a Uint8Array if it is binary; undefined without a body. */
  readonly body: any;
  readonly rawBody: string | Uint8Array;
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
  /** For middleware to hand values on to handlers. */
  state: { [key: string]: any };
  readonly response: (status: number, body?: any, headers?: { [key: string]: string | string[] }) => ResponseData;
  readonly json: (value: any, status?: number) => ResponseData;
  readonly text: (value: string, status?: number) => ResponseData;
  readonly html: (value: string, status?: number) => ResponseData;
  readonly redirect: (url: string, code?: 301 | 302 | 303 | 307 | 308) => ResponseData;
  /** Sets the status of an answer that names none itself. */
  readonly status: (code: number) => RequestContext;
  readonly setCookie: (name: string, value: string, options?: CookieOptions) => void;
}
type GroupRouter = Pick<RouterModule, 'get' | 'post' | 'put' | 'delete' | 'patch' | 'head' | 'options' | 'all' | 'use' | 'group'>;
"""

_ROUTE = "(path: string, handler: RouteHandler): void"
_ERRORS = (
    ("invalid_argument", _("the path or the handler is not what it should be; the message says how")),
    ("limit_routes", _("the service has 1000 routes already")),
)

MODULE = HostModule(
    name="router",
    names=("router", "$router"),
    doc=_(
        "The routes of a service. Static segments win over :params, which win over *. HEAD falls back to GET, OPTIONS "
        "answers by itself, a path known under other methods is 405 with Allow; a trailing slash is tolerated."
    ),
    interfaces=INTERFACES,
    functions=(
        HostFunction(
            "get",
            _ROUTE,
            _("Answers GET requests to the path."),
            "router.get('/users/:id', (ctx) => ({ id: ctx.params.id }));",
            _ERRORS,
        ),
        HostFunction(
            "post",
            _ROUTE,
            _("Answers POST requests to the path."),
            "router.post('/users', (ctx) => ctx.response(201, { name: ctx.body.name }));",
            _ERRORS,
        ),
        HostFunction(
            "put",
            _ROUTE,
            _("Answers PUT requests to the path."),
            "router.put('/users/:id', (ctx) => ({ id: ctx.params.id, ...ctx.body }));",
            _ERRORS,
        ),
        HostFunction(
            "delete",
            _ROUTE,
            _("Answers DELETE requests to the path."),
            "router.delete('/users/:id', () => undefined); // 204",
            _ERRORS,
        ),
        HostFunction(
            "patch",
            _ROUTE,
            _("Answers PATCH requests to the path."),
            "router.patch('/users/:id', (ctx) => ctx.json({ changed: Object.keys(ctx.body) }));",
            _ERRORS,
        ),
        HostFunction(
            "head",
            _ROUTE,
            _("Answers HEAD requests to the path; without it GET does."),
            "router.head('/ping', (ctx) => ctx.status(200).text(''));",
            _ERRORS,
        ),
        HostFunction(
            "options",
            _ROUTE,
            _("Answers OPTIONS requests to the path; without it the answer is 204 with Allow."),
            "router.options('/users', (ctx) => ctx.response(204, undefined, { allow: 'GET, POST' }));",
            _ERRORS,
        ),
        HostFunction(
            "all",
            _ROUTE,
            _("Answers every method that has no route of its own for the path."),
            "router.all('/files/*', (ctx) => ctx.text(`${ctx.method} ${ctx.params['*']}`));",
            _ERRORS,
        ),
        HostFunction(
            "use",
            "(handler: Middleware): void\n(path: string, handler: Middleware): void",
            _(
                "Runs the function before the handlers of all paths, or of those below the path; in a group, of the group's routes."
            ),
            "router.use('/admin', (ctx) => {\n  if (ctx.headers['x-token'] !== env.get('TOKEN')) return ctx.response(401, { error: 'token' });\n});",
            _ERRORS,
        ),
        HostFunction(
            "group",
            "(prefix: string, callback: (router: GroupRouter) => void): void",
            _("Registers routes below a prefix, with middleware of their own; groups may be nested."),
            "router.group('/api', (api) => {\n  api.use((ctx) => {\n    ctx.state.since = Date.now();\n  });\n  api.get('/time', () => ({ now: Date.now() }));\n});",
            _ERRORS,
        ),
        HostFunction(
            "cors",
            "(config: CORSConfig): void",
            _("Lets pages of other origins call the service; answers their preflight requests."),
            "router.cors({ origins: ['https://app.example.org'], methods: ['GET', 'POST'], maxAge: 600 });",
            (
                (
                    "invalid_argument",
                    _("the configuration is wrong, for one credentials together with origin *"),
                ),
            ),
        ),
        HostFunction(
            "response",
            "(status: number, body?: any, headers?: { [key: string]: string | string[] }): ResponseData",
            _("Makes a response for a handler to return; the same as ctx.response."),
            "router.get('/teapot', () => router.response(418, { short: true, stout: true }));",
            (("invalid_argument", _("the status is not a whole number from 200 to 599")),),
        ),
    ),
)
