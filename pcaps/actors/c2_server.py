#!/usr/bin/python3
"""A harmless server that answers as the C2 of the axios case is described.

    c2_server.py ADDRESS PORT HOLD_S

It knows two answers: text of about 12 kB to the delivery request, after HOLD_S
seconds, and an empty 200 to everything else.  It gives no commands.
"""
import http.server
import sys
import time

LINE = "This text stands where the second stage was. It does nothing.\n"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "", ""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body.startswith(b"packages.npm.org/product"):
            time.sleep(float(sys.argv[3]))
            self.answer(200, (LINE * 195).encode())
        else:
            self.answer(200, b"")

    def do_GET(self):
        self.answer(404, b'{"error":"Not found!"}')

    def answer(self, status, body):
        self.send_response_only(status)
        self.send_header("X-Powered-By", "Express")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Date", self.date_time_string())
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])),
                                Handler).serve_forever()
