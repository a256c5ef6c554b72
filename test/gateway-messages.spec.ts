import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { readGatewayConfig } from '../apps/gateway/src/config/gateway-config.js';
import { createGateway } from '../apps/gateway/src/create-gateway.js';
import { type ApiCall, callApi, logIn } from './support/gateway-api.js';
import { until } from './support/until.js';
import { WscClient } from './support/wsc-client.js';

describe('messages over HTTP', () => {
  let app: NestExpressApplication;
  let url: string;
  let admin: string;

  const api = (path: string, call: ApiCall = {}) => callApi(url, path, { token: admin, ...call });
  const connect = async (userId: string): Promise<WscClient> => {
    const token = await logIn(url, userId);
    return WscClient.connect(`${url.replace('http', 'ws')}/ws`, { protocols: ['wsc.v1.json', `bearer.${token}`] });
  };

  beforeAll(async () => {
    app = await createGateway(readGatewayConfig({}));
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    admin = await logIn(url, 'root', 'admin');
  });
  afterAll(() => app.close());

  it('to a user say what has become of each, and one that nobody got is sent again', async () => {
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

  it('says how an acked message ended', async () => {
    const ada = await connect('ada');
    const ack = { timeout_ms: 5000, retries: 1 };
    const acked = api('/api/users/ada/messages', { body: { event: 'job', ack } });
    const { id } = await ada.hear({ event: 'job', ack: true });
    ada.send({ type: 'ack', id });
    const outcome = {
      status: 'acked',
      id,
      device_id: expect.any(String),
      attempts: 1,
      elapsed_ms: expect.any(Number),
    };
    expect(await acked).toMatchObject({ status: 200, body: outcome });

    const ignored = await api('/api/users/ada/messages', {
      body: { event: 'job', ack: { timeout_ms: 20, retries: 2 } },
    });
    expect(ignored).toMatchObject({
      status: 200,
      body: { status: 'unknown', attempts: 3, reason: expect.any(String) },
    });
    const absent = await api('/api/users/nobody/messages', { body: { event: 'job', ack: { timeout_ms: 20 } } });
    expect(absent).toMatchObject({ status: 200, body: { status: 'failed', attempts: 1 } });
    await ada.close();
  });

  it('to a user are for admins and agents', async () => {
    const token = await logIn(url, 'elsa');
    expect(await api('/api/users/elsa/messages/inv-9', { token })).toMatchObject({ status: 403 });
    expect(await api('/api/users/elsa/messages/inv-9/retry', { method: 'POST', token })).toMatchObject({ status: 403 });
  });

  describe('what is kept', () => {
    const place = { offset: expect.any(Number), epoch: expect.any(String) };

    it('is a message to a room with history: answered once it is stored, and once for each id and version', async () => {
      const send = (body: object) => api('/api/rooms/chat:kept/messages', { body });
      const first = await send({ data: 1, id: 'one' });
      expect(first).toEqual({
        status: 200,
        headers: expect.anything(),
        body: { id: 'one', queued: 0, dropped: 0, offset: 1, epoch: expect.any(String) },
      });
      expect(await send({ data: 1, id: 'one' })).toMatchObject({ status: 200, body: { offset: 1, repeated: true } });
      expect(await send({ data: 2, version: 5 })).toMatchObject({ body: { offset: 2 } });
      expect(await send({ data: 2, version: 5 })).toMatchObject({ body: { stale: true } });
      expect(await send({ data: 2, version: -1 })).toMatchObject({ status: 422 });
      const ada = await connect('ada');
      await ada.request('join_room', { room: 'chat:kept' });
      const page = await ada.request('history', { room: 'chat:kept' });
      expect(page).toMatchObject({ data: { messages: [{ data: 1 }, { data: 2 }], complete: true } });
      await ada.close();
    });

    it('is a durable message to a user, until a device has acknowledged it', async () => {
      const body = { event: 'invoice', data: { no: 7 }, durable: true };
      expect(await api('/api/users/dora/messages', { body })).toMatchObject({
        status: 200,
        body: { queued: 0, ...place },
      });
      const notification = { title: 'Hello', body: 'there', durable: true };
      expect(await api('/api/users/dora/notifications', { body: notification })).toMatchObject({
        status: 200,
        body: place,
      });
      expect(await api('/api/users/dora/inbox')).toMatchObject({ body: { messages: 2, dead_letters: 0 } });
      const stored = await api('/api/users/dora/messages', { body: { ...body, ack: { timeout_ms: 20 } } });
      expect(stored).toMatchObject({ status: 200, body: { status: 'stored', ...place } });
      const dora = await connect('dora');
      const heard = [await dora.hear({ event: 'invoice' }), await dora.hear({ event: 'notification' })];
      dora.send({ type: 'ack', ids: heard.map(({ id }) => id) });
      const inbox = async (): Promise<unknown> => (await api('/api/users/dora/inbox')).body;
      await until(inbox, (seen) => (seen as { messages: number }).messages === 1);
      expect(await api('/api/users/dora/dead-letters')).toMatchObject({ status: 200, body: [] });
      expect(await api('/api/users/dora/dead-letters/x/resend', { method: 'POST' })).toMatchObject({ status: 404 });
      expect((await api('/ws/stats')).body).toMatchObject({ acknowledged_messages: 2 });
      await dora.close();
    });

    it('is a dead letter once its time is up, is counted as one, and is sent again', async () => {
      const counts = async () => (await api('/ws/stats')).body;
      expect(await counts()).toMatchObject({
        dead_letters: 0,
        recoveries: 0,
        failed_recoveries: 0,
        resumed_sessions: 0,
      });
      const body = { event: 'offer', data: { until: 'noon' }, id: 'offer-1', durable: true, time_to_live_ms: 1 };
      await api('/api/users/otto/messages', { body });
      const size = async (): Promise<unknown> => (await api('/api/users/otto/inbox')).body;
      await until(size, (seen) => (seen as { dead_letters: number }).dead_letters === 1);
      expect(await counts()).toMatchObject({ dead_letters: 1 });
      const letter = { id: 'offer-1', event: 'offer', data: { until: 'noon' }, reason: 'expired' };
      expect(await api('/api/users/otto/dead-letters')).toMatchObject({ status: 200, body: [letter] });
      const resend = '/api/users/otto/dead-letters/offer-1/resend';
      expect(await api(resend, { method: 'POST' })).toMatchObject({
        status: 200,
        body: { id: expect.stringMatching(/^again\./), ...place },
      });
      expect(await size()).toEqual({ messages: 1, dead_letters: 0 });
    });
  });
});
