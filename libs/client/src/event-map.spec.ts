import { WscClient } from './client.js';
import { closeAll, createTestClient } from './testing/start-client.js';

afterEach(closeAll);

interface Events {
  'order.shipped': { readonly orderId: string };
  chat: { readonly text: string };
}

interface Requests {
  'chat.send': { data: { room: string; text: string }; response: { id: string } };
  typing: { data: boolean };
}

// The type check proves these; running them only shows that they are no fiction.
describe('an event map', () => {
  it('types what is heard: the events of the map, and the built-in ones beside them', async () => {
    const { gateway } = await createTestClient();
    const client = new WscClient<Events, Requests>({ url: gateway.url });
    const heard: string[] = [];
    client.on('order.shipped', ({ orderId }, message) => heard.push(orderId, message.data.orderId));
    client.on('chat', ({ text }) => heard.push(text));
    client.once('notification', ({ title }) => heard.push(title));
    client.on('*', (_data, { event }) => heard.push(event));
    // @ts-expect-error: no such event
    client.on('order.lost', () => undefined);
    // @ts-expect-error: the data has no such field
    client.on('chat', ({ orderId }) => heard.push(orderId));
    client.off('chat');
    await client.connect();
    const connection = await gateway.connections.next();
    connection.notify({ event: 'order.shipped', data: { orderId: 'o1' } });
    connection.notify({ event: 'notification', id: 'm2', data: { title: 'hello', body: '' } });
    await new Promise((resolve) => client.on('notification', resolve));
    expect(heard).toEqual(['o1', 'o1', 'order.shipped', 'hello', 'notification']);
    await client.close();
  });

  it('types what is sent and what is answered', async () => {
    const { gateway } = await createTestClient();
    const client = new WscClient<Events, Requests>({ url: gateway.url });
    await client.connect();
    const connection = await gateway.connections.next();
    const answer = client.request('chat.send', { room: 'chat:1', text: 'hi' });
    await connection.answer({ id: 'm1' });
    expect((await answer).id).toBe('m1');
    client.send('typing', true);
    // @ts-expect-error: the data is a boolean
    client.send('typing', 'yes');
    // @ts-expect-error: no such request
    await expect(client.request('chat.sent', {}, { timeoutMs: 1 })).rejects.toThrow('no answer');
    await client.close();
  });

  it('may be left out: then every event is allowed, and its data unknown', async () => {
    const { client } = await createTestClient();
    client.on('anything', (data) => {
      // @ts-expect-error: unknown has no fields
      return data.field;
    });
    client.on('user_status', ({ status }) => status.length);
    client.send('anything', { at: 'all' });
  });
});
