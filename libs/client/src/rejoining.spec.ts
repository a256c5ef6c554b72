import type { Reconnection } from './resumption.js';
import { FakeScheduler } from './testing/fake-scheduler.js';
import { at, refusalOf, say, startInRoom } from './testing/room-script.js';
import { closeAll, next } from './testing/start-client.js';

afterEach(closeAll);

describe('a room', () => {
  it('with a gap that can not be closed now is asked again later, not for each message that shows it', async () => {
    const scheduler = new FakeScheduler();
    const { client, connection, errors, heard } = await startInRoom({ scheduler });
    say(connection, 6);
    connection.send(refusalOf(await connection.request()));
    await errors.next();
    for (const offset of [7, 8]) say(connection, offset);
    const settled = client.request('settle', 1);
    await expect(connection.answer(1)).resolves.toMatchObject({ event: 'settle' });
    await settled;
    scheduler.advance(2_000);
    await connection.answer({ room: 'chat:1', ...at(4), recovered: true, from: 4, to: 8 });
    for (const offset of [5, 6, 7, 8]) say(connection, offset);
    expect(await heard.until(8)).toEqual([5, 6, 7, 8]);
  });

  it('that could not be joined again before the connection ended is joined on the next one', async () => {
    const scheduler = new FakeScheduler();
    const { client, gateway, connection } = await startInRoom({ scheduler, random: () => 0 });
    connection.cut();
    await next((listener: (value: unknown) => void) => client.onClose(listener));
    scheduler.advance(0);
    const again = await gateway.connections.next();
    again.send(refusalOf(await again.request()));
    const settled = client.request('settle', 1);
    await again.answer(1);
    await settled;
    again.cut();
    await next((listener: (value: unknown) => void) => client.onClose(listener));
    // The next attempt, and nothing of the old connection.
    expect(scheduler.pendingMs).toEqual([0]);
    scheduler.advance(0);
    expect((await (await gateway.connections.next()).request()).data).toEqual({ room: 'chat:1', recover: at(4) });
  });

  it('that can not be joined again for now is tried again, later each time, until it goes on where it was', async () => {
    const scheduler = new FakeScheduler();
    const { client, gateway, connection, errors, heard } = await startInRoom({ scheduler, random: () => 0.5 });
    const reconnected = next<Reconnection>((listener) => client.onReconnected(listener));
    connection.cut();
    await next((listener: (value: unknown) => void) => client.onClose(listener));
    scheduler.advance(60_000);
    const again = await gateway.connections.next();
    // The shortest wait, and half of what doubles up to 15 s.
    for (const retryInMs of [1_500, 2_000, 3_000, 5_000, 8_500, 8_500, 8_500]) {
      again.send(refusalOf(await again.request()));
      const reported = await errors.next();
      expect(reported).toMatchObject({ error: { error: 'WSC_UNAVAILABLE' }, context: { source: 'room', retryInMs } });
      expect(client.rooms).toEqual(['chat:1']);
      scheduler.advance(retryInMs);
    }
    const { data } = await again.answer({ room: 'chat:1', ...at(4), recovered: true, from: 4, to: 6 });
    expect(data).toEqual({ room: 'chat:1', recover: at(4) });
    for (const offset of [5, 6]) say(again, offset);
    expect(await heard.until(6)).toEqual([5, 6]);
    expect((await reconnected).rooms).toEqual([{ room: 'chat:1', recovered: true, from: 4, to: 6 }]);
  });

  it('that is not joined again yet takes no message, which is not forbidden but may be sent later', async () => {
    const scheduler = new FakeScheduler();
    const { client, gateway, connection, errors } = await startInRoom({ scheduler });
    const reconnected = next<Reconnection>((listener) => client.onReconnected(listener));
    const repeated = client.sendToRoom('chat:1', 'before', { id: 'm1' });
    await connection.request();
    connection.cut();
    await next((listener: (value: unknown) => void) => client.onClose(listener));
    scheduler.advance(1_000);
    const again = await gateway.connections.next();
    const fresh = client.sendToRoom('chat:1', 'now');
    again.send(refusalOf(await again.request()));
    await errors.next();
    for (const [sent, details] of [
      [repeated, { outcome: 'unknown' }],
      [fresh, undefined],
    ] as const) {
      again.send(refusalOf(await again.request(), 'WSC_FORBIDDEN'));
      await expect(sent).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE', details });
    }
    scheduler.advance(2_000);
    await again.answer({ room: 'chat:1', ...at(4), recovered: true, from: 4, to: 4 });
    await reconnected;
    const refused = client.sendToRoom('chat:1', 'later');
    again.send(refusalOf(await again.request(), 'WSC_FORBIDDEN'));
    await expect(refused).rejects.toMatchObject({ error: 'WSC_FORBIDDEN' });
  });

  it('that can not be joined again now is not tried once it is left', async () => {
    const scheduler = new FakeScheduler();
    const { client, gateway, connection, errors } = await startInRoom({ scheduler });
    connection.cut();
    await next((listener: (value: unknown) => void) => client.onClose(listener));
    scheduler.advance(60_000);
    const again = await gateway.connections.next();
    again.send(refusalOf(await again.request()));
    await errors.next();
    const left = client.leaveRoom('chat:1');
    await again.answer({ room: 'chat:1' });
    await left;
    scheduler.advance(60_000);
    client.send('marker', 1);
    await expect(again.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });
});
