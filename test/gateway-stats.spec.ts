import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { readGatewayConfig } from '../apps/gateway/src/config/gateway-config.js';
import { createGateway } from '../apps/gateway/src/create-gateway.js';
import { callApi, logIn } from './support/gateway-api.js';
import { WscClient } from './support/wsc-client.js';

describe('GET /ws/stats/cluster', () => {
  let app: NestExpressApplication;
  let url: string;

  beforeAll(async () => {
    app = await createGateway(readGatewayConfig({}));
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  it('tells the numbers of all nodes, of which a gateway in memory is the only one', async () => {
    const token = await logIn(url, 'ada', 'agent');
    const client = await WscClient.connect(`${url.replace('http', 'ws')}/ws`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    const { status, body } = await callApi(url, '/ws/stats/cluster', { token });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      health: { ready: true },
      nodes: [{ node_id: expect.any(String) as string, total_clients: 1 }],
      missing: [],
      partial: false,
    });
    await client.close();
  });

  it('needs a token, and one of an admin or agent', async () => {
    expect(await callApi(url, '/ws/stats/cluster', {})).toMatchObject({ status: 401 });
    const token = await logIn(url, 'carl');
    expect(await callApi(url, '/ws/stats/cluster', { token })).toMatchObject({ status: 403 });
  });
});
