"""The code that a new project begins with."""

from __future__ import annotations

MAIN_CODE = """\
// A service lives in one process of its own: what you keep in variables stays until it is restarted.
let visits = 0;

// Runs first: read settings, prepare what the service needs.
service.boot(() => {
  logger.info('Booting');
});

// Runs once everything is prepared. Routes may be registered here or at top level.
service.start(() => {
  logger.info('Started');
});

// Runs before the process ends: finish what must not be lost.
service.shutdown(() => {
  logger.info('Stopping after', visits, 'visits');
});

// Answers at /r/<slug>/ with JSON: what a handler returns is the body.
router.get('/', (ctx) => {
  visits += 1;
  return { message: 'Hello from M3M', visits };
});

// :name is a parameter, ?shout=1 a query value.
router.get('/hello/:name', (ctx) => {
  const greeting = `Hello, ${ctx.params.name}!`;
  return { greeting: ctx.query.shout ? greeting.toUpperCase() : greeting };
});

// A JSON body arrives parsed. ctx.response chooses the status.
router.post('/echo', (ctx) => {
  logger.debug('echo', ctx.body);
  return ctx.response(201, { received: ctx.body });
});

router.get('/health', () => ({ status: 'ok' }));
"""
