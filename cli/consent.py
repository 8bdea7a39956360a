"""``rakkan consent``: the noun; each of its verbs stands in a file of its own.

It decides the order in which help lists them. What consents mean is decided in
``rakkan.registry.rules.consent``, their wording in ``rules.notice``.
"""

from __future__ import annotations

from rakkan.cli import (
    consent_commit,
    consent_delegate,
    consent_exchange,
    consent_explain,
    consent_give,
    consent_list,
    consent_renew,
    consent_show,
    consent_slip,
    consent_template,
    consent_withdraw,
)
from rakkan.cli.commands import group

app = group()
consent_template.register(app)
consent_give.register(app)
consent_delegate.register(app)
consent_withdraw.register(app)
consent_slip.register(app)
consent_list.register(app)
consent_show.register(app)
consent_explain.register(app)
consent_renew.register(app)
consent_commit.register(app)
consent_exchange.register(app)
