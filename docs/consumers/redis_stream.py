"""Read alerts from a Redis stream as one of a group, each of them once.

    redis_stream.py URL KEY GROUP CONSUMER [CLAIM_MS]

Prints each event as a line.  Whatever a consumer did not acknowledge within
CLAIM_MS (60000), because it crashed, another one of the group takes over.
"""

import json
import sys

import redis

SEEN_S = 7 * 24 * 3600  # how long a repeat is known as one


def repeat_key(group, event):
    """The name of what was reported; None where it cannot be a repeat.

    A fact is reported again as its count rises, so the count belongs to it.
    """
    context = event.get("alert", {}).get("context", {})
    if "hit_id" not in context:
        return None
    return f"seen:{group}:{context['hit_id']}:{context['count']}"


def handle(text):
    print(text, flush=True)


def take(client, key, group, entry_id, fields):
    text = fields["eve"]
    seen = repeat_key(group, json.loads(text))
    if seen is None or not client.exists(seen):
        handle(text)
    # Only now: who crashes before is given the event again.
    with client.pipeline(transaction=True) as pipe:
        if seen is not None:
            pipe.set(seen, 1, ex=SEEN_S)
        pipe.xack(key, group, entry_id)
        pipe.execute()


def claim(client, key, group, consumer, claim_ms):
    """What others were given and did not acknowledge for claim_ms."""
    start = "0-0"
    while True:
        start, entries, *_ = client.xautoclaim(key, group, consumer, claim_ms,
                                               start, count=100)
        # Without fields: trimmed from the stream meanwhile.
        yield from (entry for entry in entries if entry[1] is not None)
        if start == "0-0":
            return


def main(url, key, group, consumer, claim_ms="60000"):
    client = redis.Redis.from_url(url, decode_responses=True)
    try:
        client.xgroup_create(key, group, id="0", mkstream=True)
    except redis.ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
    while True:
        for entry_id, fields in claim(client, key, group, consumer,
                                      int(claim_ms)):
            take(client, key, group, entry_id, fields)
        found = client.xreadgroup(group, consumer, {key: ">"}, count=100,
                                  block=5000)
        for _, entries in found:
            for entry_id, fields in entries:
                take(client, key, group, entry_id, fields)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        pass
