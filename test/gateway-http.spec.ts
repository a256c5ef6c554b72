import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { readGatewayConfig } from '../apps/gateway/src/config/gateway-config.js';
import { createGateway } from '../apps/gateway/src/create-gateway.js';
import { type ApiCall, callApi, logIn } from './support/gateway-api.js';
import { refusal, WscClient } from './support/wsc-client.js';

describe('the HTTP API of the gateway', () => {
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

  describe('login', () => {
    it('gives a token to whoever asks, while it is a demo', async () => {
      const { status, body } = await api('/auth/login', { body: { user_id: 'ada', name: 'Ada', user_type: 'agent' } });
      expect(status).toBe(200);
      expect(body).toEqual({ token: expect.any(String), expires_in: 3600 });
    });

    it('says which fields are wrong', async () => {
      const { status, body } = await api('/auth/login', { body: { user_id: 'a b', name: '', role: 'admin' } });
      expect(status).toBe(422);
      expect(body).toMatchObject({
        code: 422,
        error: 'WSC_VALIDATION_FAILED',
        details: { user_id: [expect.any(String)], name: [expect.any(String)], role: [expect.any(String)] },
      });
    });

    it('gives a connect token that lets in once', async () => {
      const { status, body } = await api('/auth/connect-token', { method: 'POST', token: await logIn(url, 'ada') });
      expect(status).toBe(200);
      const { connect_token: connectToken } = body as { connect_token: string };
      const address = `${url.replace('http', 'ws')}/ws?connect_token=${connectToken}`;
      const client = await WscClient.connect(address);
      expect(await refusal(address)).toMatchObject({ status: 401 });
      await client.close();
    });

    it('ends a revoked token everywhere, and its connections with 4501', async () => {
      const token = await logIn(url, 'eve', 'admin');
      const client = await WscClient.connect(`${url.replace('http', 'ws')}/ws`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      const answer = await api('/auth/revoke', { body: { token } });
      expect(answer).toMatchObject({ status: 200, body: { revoked: true, closed_connections: 1 } });
      expect(await client.closed).toMatchObject({ code: 4501 });
      expect(await api('/ws/stats', { token })).toMatchObject({ status: 401 });
      expect(await api('/auth/revoke', { body: { token } })).toMatchObject({ body: { revoked: false } });
    });
  });

  describe('access', () => {
    const routes = [
      ['POST', '/api/broadcast'],
      ['POST', '/api/users/ada/messages'],
      ['POST', '/api/users/ada/notifications'],
      ['POST', '/api/data-updates'],
      ['PUT', '/api/rooms/chat:a'],
      ['GET', '/api/rooms/chat:a'],
      ['DELETE', '/api/rooms/chat:a'],
      ['GET', '/api/rooms/chat:a/members'],
      ['POST', '/api/rooms/chat:a/messages'],
      ['GET', '/api/online'],
      ['GET', '/api/online/ada'],
      ['DELETE', '/api/users/ada/connections'],
      ['GET', '/ws/stats'],
    ] as const;

    it.each(routes)('%s %s needs a token, and one of an admin or agent', async (method, path) => {
      const none = await api(path, { method, token: undefined });
      expect(none).toMatchObject({ status: 401, body: { error: 'WSC_UNAUTHORIZED' } });
      expect(none.headers.get('www-authenticate')).toBe('Bearer');
      const customer = await api(path, { method, token: await logIn(url, 'carl') });
      expect(customer).toMatchObject({ status: 403, body: { error: 'WSC_FORBIDDEN' } });
      expect((await api(path, { method, token: await logIn(url, 'alan', 'agent') })).status).not.toBe(403);
    });

    it.each(['', 'Bearer', 'Bearer  a b', 'Basic YTpi', 'Bearer x.y.z'])('refuses the header "%s"', async (header) => {
      const response = await fetch(`${url}/ws/stats`, { headers: { Authorization: header } });
      expect(response.status).toBe(401);
    });
  });

  describe('sending', () => {
    it('brings a broadcast to everybody, a message to one user, a notification, a data update', async () => {
      const [ada, bob] = await Promise.all([connect('ada'), connect('bob')]);
      const queued = { id: expect.any(String), queued: expect.any(Number), dropped: 0 };
      expect(await api('/api/broadcast', { body: { event: 'news', data: { n: 1 } } })).toMatchObject({
        status: 202,
        body: queued,
      });
      expect(await ada.hear({ event: 'news' })).toMatchObject({ data: { n: 1 } });
      await bob.hear({ event: 'news' });

      const message = { event: 'order.shipped', data: { order: 17 } };
      expect(await api('/api/users/ada/messages', { body: message })).toMatchObject({
        status: 202,
        body: { queued: 1 },
      });
      expect(await ada.hear({ event: 'order.shipped' })).toMatchObject({ data: { order: 17 } });

      const notification = { title: 'Hi', body: '', icon: 'i', link: '/orders/17' };
      expect(await api('/api/users/ada/notifications', { body: notification })).toMatchObject({ status: 202 });
      expect(await ada.hear({ event: 'notification' })).toMatchObject({ data: notification });

      const update = { entity: 'order', action: 'updated', id: '17', data: [1] };
      expect(await api('/api/data-updates', { body: update })).toMatchObject({ status: 202 });
      expect(await bob.hear({ event: 'data_update' })).toMatchObject({ data: update });
      expect(bob.unheard).toEqual([]);
      await Promise.all([ada.close(), bob.close()]);
    });

    it('hands data on exactly as it came, whatever its keys are', async () => {
      const ada = await connect('ada');
      const raw = '{"event":"odd","data":{"constructor":1,"__proto__":{"x":1},"deep":[[{"prototype":null}]],"a":1.50}}';
      expect(await api('/api/users/ada/messages', { raw })).toMatchObject({ status: 202 });
      const { data } = await ada.hear({ event: 'odd' });
      expect(JSON.stringify(data)).toBe('{"constructor":1,"__proto__":{"x":1},"deep":[[{"prototype":null}]],"a":1.5}');
      await ada.close();
    });

    it('answers 202 with nothing queued for somebody who is not there', async () => {
      const body = { event: 'x' };
      expect(await api('/api/users/nobody/messages', { body })).toMatchObject({ status: 202, body: { queued: 0 } });
    });
  });

  describe('rooms and people', () => {
    it('makes, changes, shows and ends a room, whose members are put out', async () => {
      const ada = await connect('ada');
      const made = await api('/api/rooms/chat:tea', {
        method: 'PUT',
        body: { metadata: { topic: 'Tea' }, max_members: 2 },
      });
      const room = { room: 'chat:tea', metadata: { topic: 'Tea' }, max_members: 2, members: 0 };
      expect(made).toMatchObject({ status: 200, body: room });
      await ada.request('join_room', { room: 'chat:tea' });
      expect(await api('/api/rooms/chat:tea')).toMatchObject({ status: 200, body: { ...room, members: 1 } });
      expect(await api('/api/rooms/chat:tea/members')).toMatchObject({
        body: { members: [{ user_id: 'ada', devices: 1, since: expect.any(Number) }], count: 1 },
      });

      await api('/api/rooms/chat:tea/messages', { body: { data: 'Milk?' } });
      expect(await ada.hear({ event: 'room_message' })).toMatchObject({ data: 'Milk?', room: 'chat:tea' });
      await api('/api/rooms/chat:tea/messages', { body: { event: 'tea.ready', data: null } });
      await ada.hear({ event: 'tea.ready' });

      const ended = await api('/api/rooms/chat:tea', { method: 'DELETE' });
      expect(ended).toMatchObject({ status: 200, body: { room: 'chat:tea', removed_members: 1 } });
      await ada.hear({ event: 'room_closed' });
      expect(await api('/api/rooms/chat:tea')).toMatchObject({ status: 404, body: { error: 'WSC_NOT_FOUND' } });
      expect(await api('/api/rooms/chat:tea', { method: 'DELETE' })).toMatchObject({ status: 404 });
      expect(await api('/api/rooms/chat:tea/members')).toMatchObject({ status: 404 });
      await ada.close();
    });

    it('tells who is online, a page at a time', async () => {
      const clients = await Promise.all(['p1', 'p2', 'p3'].map(connect));
      const first = await api('/api/online?limit=2');
      expect(first).toMatchObject({ status: 200, body: { users: [expect.any(String), expect.any(String)], count: 3 } });
      const { users, cursor } = first.body as { users: string[]; cursor: string };
      const second = await api(`/api/online?limit=2&cursor=${encodeURIComponent(cursor)}`);
      const rest = second.body as { users: string[]; cursor?: string };
      expect([...users, ...rest.users].sort()).toEqual(['p1', 'p2', 'p3']);
      expect(rest.cursor).toBeUndefined();
      expect(await api('/api/online/p1')).toMatchObject({ body: { user_id: 'p1', online: true } });
      expect(await api('/api/online/p9')).toMatchObject({ body: { user_id: 'p9', online: false } });
      await Promise.all(clients.map((client) => client.close()));
    });

    it('ends all connections of a user', async () => {
      const devices = await Promise.all([connect('dora'), connect('dora')]);
      const answer = await api('/api/users/dora/connections', { method: 'DELETE' });
      expect(answer).toMatchObject({ status: 200, body: { closed_connections: 2 } });
      for (const device of devices) expect(await device.closed).toMatchObject({ code: 4503 });
    });

    it('counts what it does', async () => {
      const ada = await connect('ada');
      const { status, body } = await api('/ws/stats');
      expect(status).toBe(200);
      expect(body).toMatchObject({ total_clients: 1, online_users: 1, total_rooms: expect.any(Number) });
      const numbers = ['uptime', 'messages_received', 'messages_sent', 'errors', 'average_message_bytes'];
      for (const name of [...numbers, 'dropped_messages', 'closed_slow_consumers', 'dropped_events']) {
        expect(body).toHaveProperty(name, expect.any(Number));
      }
      expect(body).toMatchObject({ dropped_by_policy: { drop_oldest: 0, drop_newest: 0, latest_only: 0 } });
      await ada.close();
    });
  });

  describe('what is wrong gets an answer that says so', () => {
    const deep = `{"event":"x","data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const wide = JSON.stringify({
      event: 'x',
      data: Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [n, 0])),
    });
    const long = JSON.stringify({ event: 'a', data: 'x'.repeat(70_000) });
    it.each([
      { what: 'no JSON', raw: '{"event"', status: 400, error: 'WSC_INVALID_ENVELOPE' },
      { what: 'a bare text', raw: '"x"', status: 400, error: 'WSC_INVALID_ENVELOPE' },
      { what: 'a list', raw: '[]' },
      { what: 'nothing', raw: '' },
      { what: 'no event', raw: '{"data":1}' },
      { what: 'an event that is no name', raw: '{"event":"a b"}' },
      { what: 'an event that is a list', raw: '{"event":["a"]}' },
      { what: 'an unknown field', raw: '{"event":"a","to":"b"}' },
      { what: 'a nest of lists', raw: deep },
      { what: 'too many keys', raw: wide },
      { what: 'a number that no double holds', raw: '{"event":"a","data":1e999}' },
      { what: 'null for a field that may be absent', path: '/api/users/ada/messages', raw: '{"event":"a","ack":null}' },
      { what: 'a list for an object', path: '/api/users/ada/messages', raw: '{"event":"a","ack":[]}' },
      { what: 'null for yes or no', path: '/api/users/ada/messages', raw: '{"event":"a","durable":null}' },
      { what: 'more than 64 KiB', raw: long, status: 413, error: 'WSC_MESSAGE_TOO_LARGE' },
    ])(
      'a body that is $what',
      async ({ path = '/api/broadcast', raw, status = 422, error = 'WSC_VALIDATION_FAILED' }) => {
        const answer = await api(path, { raw });
        expect(answer).toMatchObject({ status, body: { code: status, error, trace_id: expect.any(String) } });
      },
    );

    it.each([
      { path: '/api/rooms/a%20b', status: 400, error: 'WSC_INVALID_NAME' },
      { path: `/api/online/${'x'.repeat(129)}`, status: 400, error: 'WSC_INVALID_NAME' },
      { path: '/api/rooms/%E0%A4%A', status: 400, error: 'WSC_INVALID_ENVELOPE' },
      { path: '/api/online?limit=0', status: 422, error: 'WSC_VALIDATION_FAILED' },
      { path: '/api/online?offset=1', status: 422, error: 'WSC_VALIDATION_FAILED' },
      { path: '/nothing/here', status: 404, error: 'WSC_NOT_FOUND' },
      { path: '/health/live', method: 'POST', status: 404, error: 'WSC_NOT_FOUND' },
    ])('the address $path', async ({ path, method = 'GET', status, error }) => {
      expect(await api(path, { method })).toMatchObject({ status, body: { code: status, error } });
    });

    it.each([
      { title: '', body: 'x' },
      { title: 'x', body: 7 },
      { title: 'x', body: 'x', link: 'javascript:alert(1)' },
      { title: 'x', body: 'x', link: '//elsewhere.example' },
    ])('the notification %j', async (body) => {
      expect(await api('/api/users/ada/notifications', { body })).toMatchObject({ status: 422 });
    });

    it.each(['application/x-www-form-urlencoded', 'text/plain'])('a body that says it is %s', async (contentType) => {
      const answer = await api('/api/broadcast', { raw: '{"event":"a"}', contentType });
      const message = 'The body must be JSON: send it with "Content-Type: application/json".';
      expect(answer).toMatchObject({ status: 415, body: { code: 415, error: 'WSC_INVALID_ENVELOPE', message } });
    });

    it('names the fields of a nested object', async () => {
      const body = { event: 'x', ack: { timeout_ms: 0, retries: 11, hope: true } };
      expect(await api('/api/users/ada/messages', { body })).toMatchObject({
        status: 422,
        body: { details: { 'ack.timeout_ms': [expect.any(String)], 'ack.retries': [expect.any(String)] } },
      });
    });
  });

  describe('around it', () => {
    it('says that it lives and is ready, and nothing else', async () => {
      for (const path of ['/health/live', '/health/ready']) {
        expect(await api(path, { token: undefined })).toMatchObject({ status: 200, body: { status: 'ok' } });
      }
    });

    it('describes itself at /docs, with every route of the API', async () => {
      expect((await api('/docs')).headers.get('content-type')).toContain('text/html');
      const { body } = await api('/docs-json');
      const { paths } = body as { paths: Record<string, unknown> };
      expect(Object.keys(paths).sort()).toEqual([
        '/api/broadcast',
        '/api/data-updates',
        '/api/online',
        '/api/online/{user}',
        '/api/rooms/{room}',
        '/api/rooms/{room}/members',
        '/api/rooms/{room}/messages',
        '/api/users/{user}/connections',
        '/api/users/{user}/dead-letters',
        '/api/users/{user}/dead-letters/{id}/resend',
        '/api/users/{user}/inbox',
        '/api/users/{user}/messages',
        '/api/users/{user}/messages/{id}',
        '/api/users/{user}/messages/{id}/retry',
        '/api/users/{user}/notifications',
        '/auth/connect-token',
        '/auth/login',
        '/auth/revoke',
        '/ws/stats',
        '/ws/stats/cluster',
      ]);
      expect(body).toMatchObject({
        components: {
          schemas: {
            StatsView: {
              properties: { dropped_by_policy: expect.any(Object), closed_slow_consumers: { type: 'number' } },
            },
            DroppedByPolicyView: { required: ['drop_oldest', 'drop_newest', 'latest_only'] },
          },
        },
      });
    });

    it('tells browsers what not to do, allows no other origin and nothing to be cached', async () => {
      const { headers } = await api('/ws/stats', { token: undefined });
      expect(headers.get('content-security-policy')).toContain("script-src 'self'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    });
  });

  describe('the WebSocket events', () => {
    it('echoes, in the envelope form and in the stock form', async () => {
      const ada = await connect('ada');
      expect(await ada.request('echo', { a: [1, null] })).toMatchObject({ type: 'response', data: { a: [1, null] } });
      ada.send({ event: 'echo', data: { plain: true } });
      await ada.hear({ plain: true });
      await ada.close();
    });

    it('takes its time with slow, but not too much of it', async () => {
      const ada = await connect('ada');
      expect(await ada.request('slow', { ms: 5 })).toMatchObject({ data: { waited_ms: 5 } });
      const refused = { type: 'error', error: 'WSC_VALIDATION_FAILED', details: { ms: [expect.any(String)] } };
      expect(await ada.request('slow', { ms: 5001 })).toMatchObject(refused);
      await ada.close();
    });

    it('lets members chat, and nobody else', async () => {
      const [ada, bob, eve] = await Promise.all([connect('ada'), connect('bob'), connect('eve')]);
      for (const member of [ada, bob]) await member.request('join_room', { room: 'chat:den' });
      await eve.request('subscribe', { room: 'chat:den' });
      const sent = await ada.request('chat.send', { room: 'chat:den', text: 'Hello' });
      expect(sent).toMatchObject({ type: 'response', data: { id: expect.any(String) } });
      expect(await bob.hear({ event: 'room_message' })).toMatchObject({ from: 'ada', data: { text: 'Hello' } });
      expect(await eve.request('chat.send', { room: 'chat:den', text: 'Boo' })).toMatchObject({
        error: 'WSC_FORBIDDEN',
      });
      expect(await eve.request('chat.send', { room: 'chat:none', text: 'Boo' })).toMatchObject({
        error: 'WSC_FORBIDDEN',
      });
      const bad = await ada.request('chat.send', { room: 'chat:den', text: '', from: 'bob' });
      expect(bad).toMatchObject({
        error: 'WSC_VALIDATION_FAILED',
        details: { text: [expect.any(String)], from: [expect.any(String)] },
      });
      await Promise.all([ada, bob, eve].map((client) => client.close()));
    });

    it('lets anybody join chat and doc rooms, and write to each other', async () => {
      const [ada, bob] = await Promise.all([connect('ada'), connect('bob')]);
      expect(await ada.request('join_room', { room: 'doc:plan' })).toMatchObject({ type: 'response' });
      expect(await ada.request('join_room', { room: 'staff:plan' })).toMatchObject({ error: 'WSC_FORBIDDEN' });
      await ada.request('chat', { to: 'bob', data: { text: 'Psst' } });
      expect(await bob.hear({ event: 'chat' })).toMatchObject({ from: 'ada', data: { text: 'Psst' } });
      await Promise.all([ada.close(), bob.close()]);
    });

    it('speaks with a client of the ginforge dialect', async () => {
      const token = await logIn(url, 'gin');
      const gin = await WscClient.open(`${url.replace('http', 'ws')}/ws`, {
        protocols: ['ginforge.v1.json', `bearer.${token}`],
      });
      gin.send({ type: 'join_room', id: 'j', content: 'chat:gin' });
      await gin.hear({ type: 'room_joined' });
      await api('/api/rooms/chat:gin/messages', { body: { data: { text: 'Hi' } } });
      expect(await gin.hear({ type: 'room_message' })).toMatchObject({ room: 'chat:gin', content: { text: 'Hi' } });
      await gin.close();
    });
  });
});
