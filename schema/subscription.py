"""What can be listened to."""

import strawberry

from schema.live import BacktestSubscription


@strawberry.type(description="What can be listened to.")
class Subscription(BacktestSubscription):
    """The root of what is told as it happens."""
