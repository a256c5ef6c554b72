import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { readGatewayConfig } from '../apps/gateway/src/config/gateway-config.js';
import { createGateway } from '../apps/gateway/src/create-gateway.js';
import { type ApiCall, callApi, logIn } from './support/gateway-api.js';

describe('the messages of a user over HTTP', () => {
  let app: NestExpressApplication;
  let url: string;
  let admin: string;

  const api = (path: string, call: ApiCall = {}) => callApi(url, path, { token: admin, ...call });

  beforeAll(async () => {
    app = await createGateway(readGatewayConfig({}));
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    admin = await logIn(url, 'root', 'admin');
  });
  afterAll(() => app.close());

  it('say what has become of each, and one that nobody got is sent again', async () => {
    const body = { event: 'invoice', id: 'inv-9', ack: { timeout_ms: 20 } };
    expect(await api('/api/users/elsa/messages', { body })).toMatchObject({ body: { status: 'failed' } });
    const record = await api('/api/users/elsa/messages/inv-9');
    const times = { queued_at: expect.any(Number), changed_at: expect.any(Number) };
    expect(record).toMatchObject({ status: 200, body: { id: 'inv-9', user_id: 'elsa', status: 'failed', ...times } });
    expect(record).toMatchObject({ body: { attempts: 1, reason: 'The user is not connected.' } });
    const retry = '/api/users/elsa/messages/inv-9/retry';
    expect(await api(retry, { method: 'POST' })).toMatchObject({ status: 200, body: { id: 'inv-9', offset: 1 } });
    expect(await api('/api/users/elsa/messages/inv-9')).toMatchObject({ body: { status: 'queued' } });
    expect(await api(retry, { method: 'POST' })).toMatchObject({ status: 404 });
    expect(await api('/api/users/elsa/messages/inv-0')).toMatchObject({ status: 404 });
    expect(await api(`/api/users/elsa/messages/${'x'.repeat(65)}`)).toMatchObject({ status: 400 });
  });

  it('are for admins and agents', async () => {
    const token = await logIn(url, 'elsa');
    expect(await api('/api/users/elsa/messages/inv-9', { token })).toMatchObject({ status: 403 });
    expect(await api('/api/users/elsa/messages/inv-9/retry', { method: 'POST', token })).toMatchObject({ status: 403 });
  });
});
