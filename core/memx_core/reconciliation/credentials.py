"""Whether a text tells a secret: a key by its form, a password by what is said of it, a card by its check digit."""

from __future__ import annotations

import re

_KEYS = (
    r"\b(?:sk|pk|rk)[-_][\w-]{16,}",
    r"\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}",
    r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}",
    r"\bxox[abprs]-[\w-]{10,}|\bhf_\w{20,}|\bnpm_\w{20,}",
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",  # JSON web token
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bssh-(?:rsa|ed25519) AAAA",
    r"\b\w{2,12}://[^\s/:@]+:[^\s/@]+@",  # a user and a password in an address
    r"\bBearer [\w.~+/-]{16,}",
)
_THINGS = (
    r"pass ?(?:word|code|phrase)|passwor[dt]|kennwort|\bpwd|contraseña|mot de passe|senha|密码|密碼|パスワード",
    r"\b(?:api|access|private)[ _-]?(?:key|token)|\b(?:auth|login|security) (?:token|code)",
    r"\bcvv|\bpin(?: code| number)?",
)
_IS = r"\s*(?:[:=是は为]|\s(?:is|was|to|are|ist|lautet|es|est|era|è|é)\b:?)\s*"
# What is said of a password without telling it.
_NOT_TOLD = (
    r"(?!(?:no[tw]?|too|very|so|weak|strong|expired|safe|secure|un\w+|stored|saved|kept|written|reset|changed|required"
    r"|needed|forgotten|lost|the|an?|in|on|at|his|her|their|my|be|being|going|always|never|sich\w*|nicht|rotated|shared)\b)"
)
_KEY = re.compile("|".join(_KEYS))
_TOLD = re.compile(
    rf"(?:{'|'.join(_THINGS)})(?: (?:for|of|on) [^.:=]{{1,40}}?)?{_IS}{_NOT_TOLD}[\"'`]?[^\s\"']{{3,}}",
    re.IGNORECASE,
)
_LONG_NUMBER = re.compile(r"(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d-])")
_SOCIAL_SECURITY = re.compile(r"\b(?:ssn|social security)\b.{0,30}\b\d{3}-?\d{2}-?\d{4}\b", re.IGNORECASE)


def is_secret(text: str) -> bool:
    """Whether `text` tells a password, a key, or the number of a card."""
    if any(pattern.search(text) for pattern in (_KEY, _TOLD, _SOCIAL_SECURITY)):
        return True
    return any(_is_card(re.sub(r"\D", "", match[0])) for match in _LONG_NUMBER.finditer(text))


def _is_card(digits: str) -> bool:
    """Luhn's check, for a number that begins as cards do."""
    if digits[0] not in "3456" or len(set(digits)) == 1:
        return False
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits)))
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0
