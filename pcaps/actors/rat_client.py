#!/usr/bin/python3
"""A harmless client that posts what the RAT of the axios case posted.

    rat_client.py URL BEACONS SLEEP_S

FirstInfo, at once BaseInfo, then BaseInfo after each sleep: base64 of one JSON
object, a connection for each POST, the User-Agent octet for octet.  All values
are invented; nothing of this machine is read, and answers are not looked at.
"""
import base64
import http.client
import json
import random
import sys
import time
import urllib.parse

USER_AGENT = "mozilla/4.0 (compatible; msie 8.0; windows nt 5.1; trident/4.0)"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
chance = random.Random(6202033)
url = urllib.parse.urlsplit(sys.argv[1])


def post(message):
    body = base64.b64encode(json.dumps(message).encode())
    connection = http.client.HTTPConnection(url.hostname, url.port)
    connection.request("POST", url.path, body, {
        "User-Agent": USER_AGENT, "Connection": "close",
        "Content-Type": "application/x-www-form-urlencoded"})
    connection.getresponse().read()
    connection.close()


def processes():
    """It changes a little from one minute to the next."""
    names = ["systemd", "sshd", "runner-listener", "node", "containerd", "sh"]
    return [{"pid": pid, "ppid": 1, "user": "builder",
             "cmd": chance.choice(names) + f" --id={pid}"}
            for pid in range(300, 300 + chance.randint(24, 30))]


def first_info(uid):
    folders = ["/home/builder", "/home/builder/.config",
               "/home/builder/Documents", "/home/builder/Desktop"]
    return {"type": "FirstInfo", "uid": uid, "os": "Linux", "content": [
        {"path": folder, "list": [{"name": f"item-{n:02}", "size": n * 512}
                                  for n in range(12)]} for folder in folders]}


def base_info(uid, beat):
    return {"type": "BaseInfo", "uid": uid, "data": {
        "host": "build-11", "user": "builder", "version": "Linux 6.1.0",
        "timezone": "UTC", "boot": "2026-03-30 06:12:09",
        "installed": "2025-11-02 10:00:00", "model": "virtual",
        "cpu": "x86_64", "now": f"beat {beat:04}", "processes": processes()}}


uid = "".join(chance.choices(LETTERS, k=16))
post(first_info(uid))
for beat in range(int(sys.argv[2])):
    if beat > 0:
        time.sleep(float(sys.argv[3]))
    post(base_info(uid, beat))
