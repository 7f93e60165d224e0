from __future__ import annotations

from accounts.models.audit import AuditEntry
from accounts.models.avatar import Avatar
from accounts.models.idempotency import IdempotentAnswer
from accounts.models.login import Login, LoginAttempt, SocketTicket
from accounts.models.user import SYSTEM, KeyActor, SystemActor, User, normalise_email

__all__ = [
    "SYSTEM",
    "AuditEntry",
    "Avatar",
    "IdempotentAnswer",
    "KeyActor",
    "Login",
    "LoginAttempt",
    "SocketTicket",
    "SystemActor",
    "User",
    "normalise_email",
]
