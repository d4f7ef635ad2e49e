// A small HTTP service for the recordings: app.js HOLD_MS ADDRESS:PORT...
// Node answers "Expect: 100-continue" and frames bodies by itself.
'use strict';
const http = require('http');
const holdMs = Number(process.argv[2]);

const routes = {
  '/chunked': (request, response) => {
    response.write('first part\n');
    setTimeout(() => response.write('second part\n'), 30);
    setTimeout(() => response.end('last part\n'), 60);
  },
  // A long poll: nothing to say until the hold is over.
  '/poll': (request, response) => {
    setTimeout(() => json(response, 200, { events: [] }), holdMs);
  },
  '/v1/telemetry': (request, response, length) => json(response, 202, { accepted: length }),
  '/moved': (request, response) => {
    response.writeHead(302, { Location: '/chunked' });
    response.end();
  },
};

function json(response, status, value) {
  const text = JSON.stringify(value);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': text.length });
  response.end(text);
}

function answer(request, response) {
  let length = 0;
  request.on('data', (octets) => { length += octets.length; });
  request.on('end', () => {
    const path = request.url.split('?')[0];
    const route = routes[path];
    if (route) route(request, response, length);
    else json(response, 200, { ok: true, length });
  });
}

for (const place of process.argv.slice(3)) {
  const at = place.lastIndexOf(':');
  http.createServer(answer).listen(Number(place.slice(at + 1)), place.slice(0, at));
}
