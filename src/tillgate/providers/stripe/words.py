"""Stripe's codes in plain words for the people at the till; what is not here is told in Stripe's own words."""

from __future__ import annotations

from typing import Final

_BANK: Final = "The bank declined it. The customer can ask the bank, or pay another way."
_AGAIN: Final = "The payment could not be processed just now. Try again, or pay another way."
_DATA: Final = "Something about the card was typed wrongly. Check it and try again."

# Lost, stolen and suspected cards read as any other decline: Stripe asks not to tell the customer which it was.
DECLINES: Final = {
    **dict.fromkeys(
        (
            "card_declined",
            "generic_decline",
            "do_not_honor",
            "do_not_try_again",
            "call_issuer",
            "fraudulent",
            "highest_risk_level",
            "lost_card",
            "merchant_blacklist",
            "no_action_taken",
            "pickup_card",
            "restricted_card",
            "revocation_of_all_authorizations",
            "revocation_of_authorization",
            "security_violation",
            "stolen_card",
            "stop_payment_order",
            "transaction_not_allowed",
        ),
        _BANK,
    ),
    **dict.fromkeys(("processing_error", "issuer_not_available", "reenter_transaction", "try_again_later"), _AGAIN),
    **dict.fromkeys(("incorrect_number", "invalid_number", "incorrect_cvc", "invalid_cvc", "incorrect_zip"), _DATA),
    **dict.fromkeys(("invalid_expiry_month", "invalid_expiry_year", "incorrect_address"), _DATA),
    "approve_with_id": _AGAIN,
    "authentication_required": "The bank wants the customer to confirm it. Try again and follow the bank's question.",
    "authentication_not_handled": "The customer did not confirm it with the bank.",
    "card_not_supported": "This card can't be used for such a payment.",
    "card_velocity_exceeded": "The card's limit is reached.",
    "withdrawal_count_limit_exceeded": "The card's limit is reached.",
    "currency_not_supported": "This card can't pay in this currency.",
    "duplicate_transaction": "The bank saw the same payment a moment ago. Check before it is tried again.",
    "expired_card": "The card has expired.",
    "incorrect_pin": "The PIN was wrong.",
    "invalid_pin": "The PIN was wrong.",
    "offline_pin_required": "The card asks for its PIN.",
    "online_or_offline_pin_required": "The card asks for its PIN.",
    "pin_try_exceeded": "The PIN was wrong too often.",
    "insufficient_funds": "There is not enough money on the card or account.",
    "invalid_account": "The card or its account is not valid.",
    "new_account_information_available": "The card or its account is not valid.",
    "invalid_amount": "The bank does not take this amount.",
    "live_mode_test_card": "A test card was used for a real payment.",
    "test_mode_live_card": "A real card was used for a test payment.",
    "testmode_decline": "A test card that Stripe does not know was used.",
}
REFUSALS: Final = {
    "api_key_expired": "This key has expired. Make a new one in Stripe's dashboard.",
    "balance_insufficient": "The Stripe balance is too low for this. It works again once payments have come in.",
    "charge_already_captured": "The money of this payment was taken already.",
    "charge_already_refunded": "This payment has been given back already.",
    "charge_disputed": "The customer's bank has disputed this payment, so it can't be refunded.",
    "charge_expired_for_capture": "The bank has let go of this money; it can't be taken any more.",
    "idempotency_key_in_use": "Stripe is still working on the same request.",
    "insufficient_funds": "The Stripe balance is too low for this. It works again once payments have come in.",
    "lock_timeout": "Stripe is busy with this very payment.",
    "rate_limit": "Stripe is asked too often just now.",
    "refund_disputed_payment": "The customer's bank has disputed this payment, so it can't be refunded.",
    "secret_key_required": "This takes the secret key, which begins with sk_ or rk_, not the publishable one.",
}
REFUND_FAILURES: Final = {
    "charge_for_pending_refund_disputed": "The customer's bank has disputed this payment.",
    "declined": "The customer's bank did not take the money back.",
    "expired_or_canceled_card": "The card has expired or was cancelled.",
    "insufficient_funds": "The Stripe balance was too low.",
    "lost_or_stolen_card": "The card is not in use any more.",
    "merchant_request": "It was stopped from the store's side.",
    "unknown": "The customer's bank did not say why.",
}
