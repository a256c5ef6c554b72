import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { readGatewayConfig } from '../apps/gateway/src/config/gateway-config.js';
import { createGateway } from '../apps/gateway/src/create-gateway.js';
import { readWorkerConfig } from '../apps/worker/src/config/worker-config.js';
import { createWorker } from '../apps/worker/src/create-worker.js';
import { callApi, logIn, type ApiAnswer } from './support/gateway-api.js';
import { startRedis, type RedisServer } from './support/redis/redis-server.js';
import { until } from './support/until.js';
import { WscClient } from './support/wsc-client.js';

interface JobState {
  readonly state: string;
  readonly attempts: number;
  readonly progress: number;
  readonly error?: string;
  readonly nodes?: number;
}

let redis: RedisServer;
let gateway: NestExpressApplication;
let worker: NestExpressApplication;
let workerUrl: string;
let gatewayUrl: string;

async function listen(app: NestExpressApplication): Promise<string> {
  app.useLogger(false);
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

/** A worker that ends with its test. */
async function startWorker(redisUrl: string) {
  const app = await createWorker(readWorkerConfig({ REDIS_URL: redisUrl }));
  return { url: await listen(app), [Symbol.asyncDispose]: () => app.close() };
}

/** The gateway reads its Redis where every gateway does. */
async function startGateway(redisUrl: string): Promise<NestExpressApplication> {
  const before = process.env['REDIS_URL'];
  process.env['REDIS_URL'] = redisUrl;
  try {
    return await createGateway(readGatewayConfig({}));
  } finally {
    if (before === undefined) delete process.env['REDIS_URL'];
    else process.env['REDIS_URL'] = before;
  }
}

async function connect(userId: string, userType?: string): Promise<WscClient> {
  const token = await logIn(gatewayUrl, userId, userType);
  return WscClient.connect(`${gatewayUrl.replace('http', 'ws')}/ws`, {
    protocols: ['wsc.v1.json', `bearer.${token}`],
  });
}

const post = (kind: string, body: unknown): Promise<ApiAnswer> => callApi(workerUrl, `/jobs/${kind}`, { body });

async function add(kind: string, body: unknown): Promise<string> {
  const answer = await post(kind, body);
  expect(answer).toMatchObject({ status: 202, body: { job_id: expect.any(String) } });
  return (answer.body as { job_id: string }).job_id;
}

const stateOf = async (id: string): Promise<JobState> => (await callApi(workerUrl, `/jobs/${id}`)).body as JobState;

const untilState = (id: string, state: string): Promise<JobState> =>
  until(
    () => stateOf(id),
    (job) => job.state === state,
    { patienceMs: 15_000, everyMs: 20 },
  );

beforeAll(async () => {
  redis = await startRedis();
  gateway = await startGateway(redis.url);
  gatewayUrl = await listen(gateway);
  worker = await createWorker(readWorkerConfig({ REDIS_URL: redis.url, WORKER_RETRY_MS: '1' }));
  workerUrl = await listen(worker);
}, 60_000);

afterAll(async () => {
  await Promise.all([worker.close(), gateway.close()]);
  await redis[Symbol.asyncDispose]();
});

describe('a job', () => {
  it('notifies a user at the gateway', async () => {
    await using ann = await connect('ann');
    const id = await add('user-notice', { user_id: 'ann', title: 'Hi', body: 'there', link: '/orders/17' });
    expect(await ann.hear({ event: 'notification' })).toMatchObject({
      id,
      data: { title: 'Hi', body: 'there', link: '/orders/17' },
    });
    expect(await untilState(id, 'done')).toMatchObject({ kind: 'user-notice', attempts: 1, nodes: 1 });
  });

  it('is done where nobody hears of it, too, and says so', async () => {
    const id = await add('user-notice', { user_id: 'nobody', title: 'Hi', body: 'there' });
    expect(await untilState(id, 'done')).toMatchObject({ nodes: 0 });
  });

  it('reminds of an order when it is time', async () => {
    await using ann = await connect('ann');
    const later = await add('order-reminder', { user_id: 'ann', order: '18', in_ms: 3_600_000 });
    await add('order-reminder', { user_id: 'ann', order: '17' });
    expect(await ann.hear({ event: 'notification' })).toMatchObject({ data: { link: '/orders/17' } });
    expect(await stateOf(later)).toMatchObject({ state: 'delayed' });
  });

  it('tells how far an upload is', async () => {
    await using ann = await connect('ann');
    const id = await add('upload-progress', { user_id: 'ann', upload: 'photo', step_ms: 0 });
    for (const percent of [0, 25, 50, 75, 100]) {
      expect(await ann.hear({ event: 'upload.progress' })).toMatchObject({ data: { upload: 'photo', percent } });
    }
    expect(await untilState(id, 'done')).toMatchObject({ progress: 100 });
  });

  it('shows everyone what is left of a product, and tells the admins', async () => {
    await using ann = await connect('ann');
    await using root = await connect('root', 'admin');
    await add('stock-alert', { product: 'cup', left: 3 });
    expect(await ann.hear({ event: 'data_update' })).toMatchObject({ data: { entity: 'stock', data: { left: 3 } } });
    expect(await root.hear({ event: 'notification' })).toMatchObject({ data: { body: '3 left.' } });
    expect(ann.unheard).not.toContainEqual(expect.objectContaining({ event: 'notification' }));
  });
});

describe('a job that fails', () => {
  it('is tried again until it is done', async () => {
    await using ann = await connect('ann');
    const id = await add('payment-retry', { user_id: 'ann', payment: 'p1', declines: 3 });
    expect(await ann.hear({ event: 'notification' })).toMatchObject({ id, data: { body: 'It went through.' } });
    expect(await untilState(id, 'done')).toMatchObject({ attempts: 4 });
  });

  it('is dead after its attempts, where everybody can see it', async () => {
    await using ann = await connect('ann');
    await using desk = await connect('desk', 'agent');
    const id = await add('payment-retry', { user_id: 'ann', payment: 'p2', declines: 100 });
    const told = { data: { title: 'Payment p2', body: 'It did not go through.' } };
    expect(await ann.hear({ event: 'notification' })).toMatchObject(told);
    expect(await desk.hear({ event: 'notification' })).toMatchObject(told);
    const dead = { state: 'dead', attempts: 5, error: 'The provider declined payment p2.' };
    expect(await untilState(id, 'dead')).toMatchObject(dead);
    const { body } = await callApi(workerUrl, '/jobs/dead');
    expect(body).toMatchObject({ jobs: expect.arrayContaining([expect.objectContaining({ job_id: id, ...dead })]) });
  });

  it('is gone after a clean-up, of which the admins hear', async () => {
    const dead = await add('payment-retry', { user_id: 'ann', payment: 'p3', declines: 100 });
    await untilState(dead, 'dead');
    await using root = await connect('root', 'admin');
    await add('clean-up', { older_than_hours: 0 });
    expect(await root.hear({ event: 'jobs.cleaned' })).toMatchObject({ data: { removed: expect.any(Number) } });
    expect(await callApi(workerUrl, `/jobs/${dead}`)).toMatchObject({ status: 404 });
  });
});

describe('the HTTP API of the worker', () => {
  it.each([
    ['user-notice', { user_id: 'a b', title: '' }, ['user_id', 'title', 'body']],
    ['user-notice', { user_id: 'ann', title: 'x', body: 'y', link: 'javascript:alert(1)' }, ['link']],
    ['order-reminder', { user_id: 'ann', order: '17', in_ms: -1 }, ['in_ms']],
    ['stock-alert', { product: 'cup', left: 1.5 }, ['left']],
    ['payment-retry', { user_id: 'ann', payment: 'p', more: 1 }, ['more']],
    ['upload-progress', { user_id: 'ann' }, ['upload']],
    ['clean-up', { older_than_hours: 'all' }, ['older_than_hours']],
  ])('says what is wrong with %s %j', async (kind, body, fields) => {
    const answer = await post(kind, body);
    expect(answer).toMatchObject({ status: 422, body: { code: 422, error: 'WSC_VALIDATION_FAILED' } });
    expect(Object.keys((answer.body as { details: object }).details)).toEqual(fields);
  });

  it.each(['/jobs/unknown-kind', '/jobs/meta', '/jobs/7c0f2f43-26e8-44c8-b16a-1b1c1a3b0f57', '/'])(
    'knows nothing of %s',
    async (path) => {
      expect(await callApi(workerUrl, path)).toMatchObject({ status: 404, body: { error: 'WSC_NOT_FOUND' } });
    },
  );

  it('is alive and ready', async () => {
    expect(await callApi(workerUrl, '/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await callApi(workerUrl, '/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});

describe('a worker whose Redis is gone', () => {
  const job = { body: { user_id: 'ann', title: 'Hi', body: 'there' } };
  const readyStatus = async (url: string) => (await callApi(url, '/health/ready')).status;
  const patience = { patienceMs: 15_000, everyMs: 20 };

  async function expectJobIsDone(url: string): Promise<void> {
    await until(
      () => readyStatus(url),
      (status) => status === 200,
      patience,
    );
    const accepted = await callApi(url, '/jobs/user-notice', job);
    expect(accepted).toMatchObject({ status: 202 });
    await until(
      () => callApi(url, `/jobs/${(accepted.body as { job_id: string }).job_id}`),
      ({ body }) => (body as JobState).state === 'done',
      patience,
    );
  }

  it('is alive and not ready, refuses jobs at once, and goes on when it is back', async () => {
    await using own = await startRedis();
    await using started = await startWorker(own.url);
    const { url } = started;
    await own.kill();
    await until(
      () => readyStatus(url),
      (status) => status === 503,
      patience,
    );
    expect(await callApi(url, '/health/live')).toMatchObject({ status: 200 });
    expect(await callApi(url, '/jobs/user-notice', job)).toMatchObject({
      status: 503,
      body: { error: 'WSC_UNAVAILABLE' },
    });
    await own.restart({ keepData: false });
    await expectJobIsDone(url);
  });

  it('starts all the same, and does jobs once it is there', async () => {
    await using own = await startRedis();
    await own.kill();
    await using started = await startWorker(own.url);
    expect(await readyStatus(started.url)).toBe(503);
    await own.restart({ keepData: false });
    await expectJobIsDone(started.url);
  });
});

describe('a worker that is to end while its Redis is gone', () => {
  it.each(['since its start', 'since a moment ago'])('ends: %s', async (when) => {
    await using own = await startRedis();
    if (when === 'since its start') await own.kill();
    const { [Symbol.asyncDispose]: close } = await startWorker(own.url);
    await own.kill();
    await close();
  });
});

describe('the settings of a worker', () => {
  it('need a Redis, and say what to set', () => {
    expect(() => readWorkerConfig({})).toThrow(/set REDIS_URL, for example REDIS_URL=redis:\/\/localhost:6379/);
    expect(() => readWorkerConfig({ REDIS_URL: 'redis://a', PORT: 'x' })).toThrow('Expected PORT to be a port number');
  });
});
