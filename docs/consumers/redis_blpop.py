"""Read events from a Redis list as Logstash's redis input does.

    redis_blpop.py URL KEY

Prints each event as a line.  What was popped and not yet handled is lost when
this crashes: redis_list.py is the one that does not lose it.
"""

import json
import sys

import redis


def main(url, key):
    client = redis.Redis.from_url(url, decode_responses=True)
    while True:
        popped = client.blpop(key, timeout=5)
        if popped is not None:
            event = json.loads(popped[1])  # codec json
            print(json.dumps(event), flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        pass
