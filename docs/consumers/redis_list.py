"""Read events from a Redis list, oldest first.

    redis_list.py URL KEY CONSUMER

Prints each event as a line.  The event moves to a list of the consumer's own
until it is dealt with, so that a consumer that crashes finds it again; BLPOP
alone, as Logstash does it, would lose it.
"""

import sys

import redis


def handle(text):
    print(text, flush=True)


def main(url, key, consumer):
    client = redis.Redis.from_url(url, decode_responses=True)
    mine = f"{key}:{consumer}"
    for text in client.lrange(mine, 0, -1):  # of the run before
        handle(text)
    client.delete(mine)
    while True:
        text = client.blmove(key, mine, 5, "LEFT", "RIGHT")
        if text is not None:
            handle(text)
            client.lpop(mine)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        pass
