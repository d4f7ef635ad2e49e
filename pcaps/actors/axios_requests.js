// Requests by the real axios package: axios_requests.js KIND URL [COUNT PAUSE_MS]
'use strict';
const http = require('http');
const axios = require('axios');
const [kind, url, count = '1', pauseMs = '0'] = process.argv.slice(2);

const localAddress = process.env.LOCAL_ADDRESS;
const kept = axios.create({ httpAgent: new http.Agent({ keepAlive: true, localAddress }) });
const kinds = {
  get: () => axios.get(url),
  post: (turn) => axios.post(url, { agent: 'build-metrics', turn, load: [0.1, 0.2, 0.4] }),
  form: () => axios.post(url, new URLSearchParams({ job: '17', state: 'green' })),
  poll: (turn) => kept.get(url, { params: { cursor: turn } }),
};

(async () => {
  for (let turn = 0; turn < Number(count); turn++) {
    if (turn > 0) await new Promise((wake) => setTimeout(wake, Number(pauseMs)));
    await kinds[kind](turn).catch((error) => console.error(error.message));
  }
  process.exit(0);
})();
