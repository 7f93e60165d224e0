"""The demo project: what a stranger sees answer first, and may change."""

from __future__ import annotations

from typing import Any

SLUG = "demo"

MAIN = """\
// The demo service. Change it, press Run draft, and call it again; Release… keeps what works.
import { greet } from './lib/greet.js';

let visits = 0;

service.start(() => {
  logger.info('Demo service started');
});

// Try: curl <url>
router.get('/', () => {
  visits += 1;
  logger.info('visit', visits);
  return { message: greet(env.getString('GREETING', 'Hello'), 'world'), visits };
});

// Try: curl <url>hello/Ada
router.get('/hello/:name', (ctx) => ({ message: greet(env.getString('GREETING', 'Hello'), ctx.params.name) }));

// Try: curl -d '{"n": 5}' -H 'Content-Type: application/json' <url>double
router.post('/double', (ctx) => {
  const n = Number(ctx.body?.n);
  if (Number.isNaN(n)) return ctx.response(400, { error: 'n must be a number' });
  return { n, double: n * 2 };
});

// A page of HTML.
router.get('/page', (ctx) => ctx.html(`<h1>Demo</h1><p>${visits} visits so far.</p>`));
"""

GREET = """\
export function greet(greeting, name) {
  return `${greeting}, ${name}!`;
}
"""

FILES = {"main": MAIN, "lib/greet.js": GREET}

COLLECTION: dict[str, Any] = {
    "name": "Guests",
    "slug": "guests",
    "fields": [
        {"key": "name", "type": "string", "required": True, "unique": True},
        {"key": "language", "type": "select", "options": ["en", "de", "ru"], "default_value": "en"},
        {"key": "since", "type": "date", "default_value": "$now", "indexed": True},
    ],
    "table_config": {
        "columns": ["name", "language", "since"],
        "filters": ["language"],
        "searchable": ["name"],
    },
}

RECORDS = (
    {"name": "Ada", "language": "en", "since": "2026-01-15"},
    {"name": "Emmy", "language": "de", "since": "2026-02-20"},
    {"name": "Sofja", "language": "ru"},
)

GOAL: dict[str, Any] = {
    "name": "Greetings",
    "slug": "greetings",
    "color": "teal",
    "type": "daily_counter",
    "description": "Counted once for each guest of the demo.",
}
