# SPDX-License-Identifier: Apache-2.0
"""payment: says yes to amounts that are not too large."""
from web import Service, answer

LIMIT = 105.0


def authorise(request):
    amount = float(request.json().get("amount", 0))
    if amount <= 0:
        return answer({"error": "not an amount"}, 400)
    granted = amount <= LIMIT
    return answer({"authorised": granted, "message": "Payment authorised" if granted else f"Payment declined: over {LIMIT}"})


Service("payment", {("POST", "paymentAuth"): authorise}).run()
