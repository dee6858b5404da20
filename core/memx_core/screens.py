"""Ready-made screens for `Memory(screen=…)`.

    from memx_core.screens import SecretScreen

    memory = Memory(screen=SecretScreen())

Any function of a text does as well, such as one around the detector of personal data that an
application already has.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

# Known by their form, so that ordinary sentences are left alone: neither by entropy nor by words nearby.
_DETECTORS = {
    "artifactory": "ArtifactoryDetector",
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "basic_auth": "BasicAuthDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio": "TwilioKeyDetector",
}


_REST = r"[\w.+/=-]*"
"""What goes on behind the part by which a token is known."""


class SecretScreen:
    """Keys and tokens of well-known services replaced by a mark, and private keys refused; needs the extra `secrets`.

    `detect-secrets` knows them by their form: of AWS, Azure, GitHub, GitLab, OpenAI, Slack, Stripe and others,
    JSON web tokens, and passwords in addresses. It works offline. It knows no personal data, and no password
    that is told in words; a key of a form that is unknown to it passes.

    Args:
        mark: What stands for a secret.

    Raises:
        ImportError: If the extra is missing.
    """

    def __init__(self, mark: str = "[secret]") -> None:
        self._mark = mark
        known = [pattern for module, name in _DETECTORS.items() for pattern in _forms(module, name)]
        self._secrets = [re.compile(f"(?:{pattern.pattern}){_REST}", pattern.flags) for pattern in known]
        self._private = _forms("private_key", "PrivateKeyDetector")

    def __call__(self, text: str, /) -> str | None:
        """The text without its secrets; `None` if it holds a private key, whose end nobody can tell."""
        if any(pattern.search(text) for pattern in self._private):
            return None
        for pattern in self._secrets:
            text = pattern.sub(lambda _: self._mark, text)
        return text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mark!r})"


def _forms(module: str, name: str) -> list[re.Pattern[str]]:
    """How a detector knows a secret. Its own search gives only parts of some, so that the rest would stay."""
    try:
        plugins: Any = import_module(f"detect_secrets.plugins.{module}")
    except ImportError as error:
        raise ImportError(f'SecretScreen needs detect-secrets: pip install "memx-core[secrets]" ({error})') from error
    return list(getattr(plugins, name)().denylist)
