"""How a worker takes tasks off queues of which nobody keeps account: without telling the broker when it is done."""

from celery.worker.request import Request


class Untracked(Request):
    """Not acknowledged where the queue says so: what is lost there is found in Redis or in the database, and done again.

    kombu would still send the broker an acknowledgement that means nothing, at a fifth of a fetch's price.
    """

    def acknowledge(self) -> None:
        queue = str((self.delivery_info or {}).get("routing_key"))
        if self.app and queue in self.app.amqp.queues and self.app.amqp.queues[queue].no_ack:
            self.acknowledged = True
        else:
            super().acknowledge()
