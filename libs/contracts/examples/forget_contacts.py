"""Forgets contacts that are gone for good. Needs confluent-kafka; run it with: python forget_contacts.py"""

import os
import signal
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException

TOPIC = "contact.expunged"
STORE_FILE = os.environ.get("STORE_FILE", "contacts.txt")

# A group that is new begins at the beginning, because of auto.offset.reset; later it goes on where it has committed.
consumer = Consumer(
    {
        "bootstrap.servers": os.environ.get("KAFKA_BROKERS", "127.0.0.1:19092"),
        "group.id": os.environ.get("KAFKA_GROUP", "newsletter.contact-expunged"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
    }
)


def forget(contact_ids):
    """Your part: in one transaction of your database. It must be durable when this returns, deleting twice must do no
    harm, and whoever writes contacts must look at what is gone first: a late message or import could bring one back.
    Here a line of the file is a contact and begins with its id."""
    gone = list(dict.fromkeys([*lines_of(f"{STORE_FILE}.gone"), *contact_ids]))
    replace(f"{STORE_FILE}.gone", gone)
    known = set(gone)
    replace(STORE_FILE, [line for line in lines_of(STORE_FILE) if line.split(" ")[0] not in known])


def lines_of(path):
    with open(path) as file:
        return file.read().splitlines()


def replace(path, lines):
    with open(f"{path}.new", "w") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.new", path)


def type_of(message):
    return dict(message.headers() or []).get("ce_type", b"").decode()


def handle(messages):
    """Forgets, and only then commits: whatever happens before the commit, the same messages come again."""
    known = [message for message in messages if type_of(message) == "ContactExpunged.v1"]
    forget([message.key().decode() for message in known])
    consumer.commit(asynchronous=False)


# Partitions of this instance that have been read to their end; all of them: everything up to now is forgotten.
at_end = set()


def assigned(_, partitions):
    at_end.clear()


def run():
    told = False
    consumer.subscribe([TOPIC], on_assign=assigned)
    while True:
        polled = consumer.consume(num_messages=500, timeout=1)
        for message in polled:
            if message.error() and message.error().code() != KafkaError._PARTITION_EOF:
                raise KafkaException(message.error())
        messages = [message for message in polled if not message.error()]
        if messages:
            handle(messages)
        at_end.update(message.partition() for message in polled if message.error())
        mine = {partition.partition for partition in consumer.assignment()}
        if not told and mine and mine <= at_end:
            print("caught up", flush=True)
            told = True


def stop(*_):
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
# An error ends the program; whoever runs it starts it again, and it goes on behind the last commit.
try:
    run()
finally:
    consumer.close()
