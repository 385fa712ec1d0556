"""Addresses and numbers of people and vendors, checked strictly and kept in one form. Nothing is looked up outside.

The libraries that know how are loaded with the first address or number: a till that starts has none to check.
"""

from __future__ import annotations

from typing import Final

from tillgate.domain.errors import Invalid

# A number without a country code is of the country whose money the store takes.
_COUNTRY: Final = {"INR": "IN", "COP": "CO", "KES": "KE", "PHP": "PH", "IDR": "ID", "USD": "US"}
_LONGEST_PHONE: Final = 40


def check_email(text: str) -> str:
    """The address in its normal form, or "" for none. Raises Invalid("email_malformed")."""
    if not text.strip():
        return ""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        # `test_environment` lets the reserved .test pass; deliverability would ask a name server.
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Invalid("email_malformed", field="email") from error
    return found.normalized


def check_phone(text: str, currency: str) -> str:
    """The number as +<country><number>, or "" for none. Raises Invalid("phone_malformed")."""
    if not text.strip():
        return ""
    import phonenumbers  # noqa: PLC0415

    try:
        if len(text) > _LONGEST_PHONE:
            raise Invalid("phone_malformed", field="phone")
        number = phonenumbers.parse(text, _COUNTRY.get(currency))
    except phonenumbers.NumberParseException as error:
        raise Invalid("phone_malformed", field="phone") from error
    if number.extension or not phonenumbers.is_possible_number(number):
        raise Invalid("phone_malformed", field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
