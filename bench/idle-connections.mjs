/**
 * Holds many idle connections on one demo gateway, with heartbeats, and prints what they cost. `npm run bench:idle` builds what
 * this needs and starts it with its options as JSON: `{ connections, durationMs, heartbeatMs }`.
 *
 * The gateway runs in its own process, as a user would start it; the clients run in this one. Memory is the gateway's resident
 * set from the operating system, before the first connection and at the end. Exit code 1 when a connection was lost.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';

const { connections: target, durationMs, heartbeatMs } = JSON.parse(process.argv[2]);
/** Handshakes under way at a time. */
const concurrency = 50;

const port = await freePort();
const gateway = startGateway();
await ready();
const token = await login();
const emptyBytes = await settledRss();
console.log(`gateway ${gateway.pid} is ready: ${mb(emptyBytes)} without connections`);

const counts = { open: 0, lost: 0, pings: 0 };
const startedAt = performance.now();
await openAll();
console.log(`${counts.open} connections open after ${seconds(performance.now() - startedAt)}`);

const until = performance.now() + durationMs;
while (performance.now() < until) {
  await delay(Math.min(15_000, Math.max(until - performance.now(), 0)));
  console.log(
    `${seconds(performance.now() - startedAt)}: ${counts.open} open, ${counts.lost} lost, ${counts.pings} pings, gateway ${mb(rss())}`,
  );
}

const stats = await getStats();
const fullBytes = rss();
const openAtEnd = counts.open;
gateway.kill('SIGTERM');
const [code] = await once(gateway, 'exit');
const perConnection = (fullBytes - emptyBytes) / target;
console.log('');
console.log(
  `connections         ${openAtEnd} of ${target} open at the end, ${counts.lost} lost; the gateway counted ${stats.total_clients}`,
);
console.log(`heartbeats          ${counts.pings} pings answered, ${(counts.pings / target).toFixed(1)} per connection`);
console.log(
  `memory (RSS)        ${mb(emptyBytes)} empty, ${mb(fullBytes)} full: ${(perConnection / 1024).toFixed(1)} kB per connection`,
);
console.log(`drain on SIGTERM    exit code ${code}`);
process.exit(counts.lost === 0 && code === 0 ? 0 : 1);

function startGateway() {
  const main = fileURLToPath(new URL('../apps/gateway/dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      PORT: String(port),
      WSC_MAX_CONNECTIONS: String(target + 100),
      WSC_MAX_CONNECTIONS_PER_USER: '0',
      WSC_HEARTBEAT_INTERVAL_MS: String(heartbeatMs),
      WSC_CLIENT_TIMEOUT_MS: String(heartbeatMs * 3),
      WSC_DEMO_LOGIN: 'true',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  child.once('exit', (exitCode) => {
    if (exitCode !== 0) {
      console.error(`The gateway ended with ${exitCode}, see above.`);
      process.exit(1);
    }
  });
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

async function openAll() {
  let started = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (started < target) {
        started += 1;
        await openOne();
        if (counts.open % 2_000 === 0) console.log(`${counts.open} open`);
      }
    }),
  );
}

async function openOne() {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['wsc.v1.json', `bearer.${token}`], {
    perMessageDeflate: false,
  });
  socket.on('ping', () => (counts.pings += 1));
  socket.on('error', (error) => console.error(`A connection failed: ${error.message}`));
  socket.on('close', () => {
    counts.open -= 1;
    if (gateway.exitCode === null && !gateway.killed) counts.lost += 1;
  });
  await once(socket, 'message');
  counts.open += 1;
}

async function login() {
  const response = await fetch(`http://127.0.0.1:${port}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: 'bench', user_type: 'admin' }),
  });
  return (await response.json()).token;
}

async function getStats() {
  const response = await fetch(`http://127.0.0.1:${port}/ws/stats`, { headers: { authorization: `Bearer ${token}` } });
  return response.json();
}

async function ready() {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const isReady = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return;
    await delay(100);
  }
  throw new Error('The gateway did not get ready within 20 s.');
}

/** Start-up garbage is not what is measured: the smallest of a few readings. */
async function settledRss() {
  const readings = [];
  for (let reading = 0; reading < 5; reading += 1) {
    await delay(400);
    readings.push(rss());
  }
  return Math.min(...readings);
}

function rss() {
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}

function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function mb(bytes) {
  return `${(bytes / 1024 / 1024).toFixed(0)} MB`;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(0)} s`;
}
