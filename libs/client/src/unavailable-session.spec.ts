import type { Reconnection } from './resumption.js';
import { FakeScheduler } from './testing/fake-scheduler.js';
import { at, Heard, join, say } from './testing/room-script.js';
import type { ScriptedConnection } from './testing/scripted-connection.js';
import { closeAll, next, startClient } from './testing/start-client.js';

afterEach(closeAll);

const resumed = {
  ...{ resumed: true, session: 'next', inbox: {} },
  rooms: { 'chat:1': { ...at(4), recovered: true, from: 4, to: 5 } },
} as const;

/** A client that was in `chat:1` at offset 4 and has lost that connection. */
async function startCut(options: Parameters<typeof startClient>[0] = {}) {
  const { client, gateway, connection } = await startClient(options);
  const heard = new Heard(client);
  await join(client, connection, 4);
  client.on('asked', () => undefined);
  gateway.refusesResume = false;
  const reconnected = next<Reconnection>((listener) => client.onReconnected(listener));
  const closed = next((listener: (value: unknown) => void) => client.onClose(listener));
  connection.cut();
  await closed;
  return { client, gateway, heard, reconnected };
}

async function startReconnected() {
  const scheduler = new FakeScheduler();
  const started = await startCut({ scheduler, random: () => 0 });
  scheduler.advance(0);
  return { ...started, scheduler, again: await started.gateway.connections.next() };
}

function refuse(connection: ScriptedConnection, requestId: string): void {
  const refusal = { code: 503, error: 'WSC_UNAVAILABLE', message: 'no', traceId: 't', timestamp: 1 } as const;
  connection.send({ type: 'error', form: 'wsc', requestId, ...refusal });
}

/** Settles once the client has heard what was sent to it. */
async function settle(connection: ScriptedConnection): Promise<void> {
  const id = `asked-${String(performance.now())}`;
  connection.notify({ id, event: 'asked', ack: true });
  await expect(connection.envelopes.next()).resolves.toEqual({ type: 'ack', ids: [id] });
}

describe('a session that the server can not read now', () => {
  it('is asked for again, and until then nothing else is sent', async () => {
    const { client, scheduler, again, heard, reconnected } = await startReconnected();
    const first = await again.request();
    client.send('marker', 1);
    refuse(again, first.requestId);
    await settle(again);
    scheduler.advance(1_000);
    const { requestId, event, data } = await again.request();
    expect([event, data]).toEqual(['resume', first.data]);
    again.respond(requestId, resumed);
    say(again, 5);
    await expect(again.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
    expect(await heard.until(5)).toEqual([5]);
    expect(await reconnected).toMatchObject({ resumed: true });
  });

  it('is given up after the third time, and each room is joined again', async () => {
    const { scheduler, again } = await startReconnected();
    for (let times = 1; times < 3; times += 1) {
      refuse(again, (await again.request()).requestId);
      await settle(again);
      scheduler.advance(1_000);
    }
    refuse(again, (await again.request()).requestId);
    expect(await again.request()).toMatchObject({ event: 'join_room', data: { room: 'chat:1', recover: at(4) } });
  });

  it('is asked for on the next connection where this one ends, and its rooms go on there', async () => {
    const { gateway, heard } = await startCut();
    const again = await gateway.connections.next();
    const first = await again.request();
    refuse(again, first.requestId);
    await settle(again);
    again.cut();
    const third = await gateway.connections.next();
    const { requestId, data } = await third.request();
    expect(data).toEqual(first.data);
    third.respond(requestId, resumed);
    say(third, 5);
    expect(await heard.until(5)).toEqual([5]);
  });

  it('is not asked for any more once the client is closed', async () => {
    const { client, scheduler, again } = await startReconnected();
    refuse(again, (await again.request()).requestId);
    await settle(again);
    await client.close();
    expect(scheduler.pendingMs).not.toContain(1_000);
  });
});
