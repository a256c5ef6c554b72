import type { Server } from 'node:http';
import { Inject, Injectable, Scope, UnauthorizedException, UseGuards, type CanActivate } from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Connection, HubService, WscModule, type DisconnectReason, type WscModuleOptions } from '@nest-wsc/wsc';
import { of, Subject } from 'rxjs';
import { WebSocketServer } from 'ws';
import { closeApps, startApp, type AppOptions } from './support/apps.js';
import { rawUpgrade } from './support/raw-upgrade.js';
import { refusal, WscClient } from './support/wsc-client.js';

// What an application falls into with Nest's stock `ws` adapter, each shown not to be there (docs/migration-from-stock-adapter.md).
// An exception or rejection that nobody catches fails the running test, as it would end the process.

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown) {
    return data;
  }
}

afterEach(closeApps);

async function start(options: AppOptions & { readonly wsc?: WscModuleOptions } = {}) {
  const { wsc, imports = [], ...metadata } = options;
  const running = await startApp({ ...metadata, imports: [WscModule.forRoot(wsc), ...imports] });
  return { ...running, hub: running.app.get(HubService) };
}

describe('paths', () => {
  it('are found with a trailing slash, and apart from the global prefix', async () => {
    const { url, httpUrl } = await start({ providers: [EchoGateway], prepare: (app) => app.setGlobalPrefix('api') });
    await WscClient.connect(`${url}/ws/`);
    expect((await fetch(`${httpUrl}/ws`)).status).toBe(204);
    expect(await refusal(`${url}/api/ws`)).toMatchObject({ status: 404 });
  });

  it.each(['GET // HTTP/1.1', 'GET /%zz HTTP/1.1', 'GET http://[ HTTP/1.1'])(
    'that are none get a whole HTTP answer: %s',
    async (line) => {
      const { url } = await start({ providers: [EchoGateway] });
      const answer = await rawUpgrade(url, line);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ statusCode: expect.any(Number) });
      await WscClient.connect(`${url}/ws`);
    },
  );

  it('of other libraries keep their upgrade listeners', async () => {
    const foreign = new WebSocketServer({ noServer: true });
    const { url, app } = await start({
      providers: [EchoGateway],
      prepare: (created) => {
        const server: Server = created.getHttpServer();
        server.on('upgrade', (request, socket, head) => {
          if (request.url === '/graphql')
            foreign.handleUpgrade(request, socket, head, (client) => client.send('{"foreign":true}'));
        });
      },
    });
    const theirs = await WscClient.open(`${url}/graphql`, { protocols: [] });
    expect(await theirs.hear({ foreign: true })).toEqual({ foreign: true });
    expect(await (await WscClient.connect(`${url}/ws`)).request('echo', 1)).toMatchObject({ data: 1 });
    theirs.socket.terminate();
    await app.close();
  });
});

describe('two gateways on one path', () => {
  it('share each connection: every message is read and answered once', async () => {
    const connected: string[] = [];
    @WebSocketGateway()
    class Other {
      handleConnection(): void {
        connected.push('other');
      }

      @SubscribeMessage('other')
      other() {
        return 2;
      }
    }
    const { url, hub } = await start({ providers: [EchoGateway, Other] });
    const client = await WscClient.connect(`${url}/ws`);
    expect([await client.request('echo', 1), await client.request('other')]).toMatchObject([{ data: 1 }, { data: 2 }]);
    expect(client.unheard).toEqual([]);
    expect(connected).toEqual(['other']);
    expect(hub.stats.messagesReceived).toBe(2);
  });

  it('with the same event do not start, and both are named', async () => {
    @WebSocketGateway({ path: '/ws' })
    class Second {
      @SubscribeMessage('echo')
      again() {
        return 'twice';
      }
    }
    await expect(start({ providers: [EchoGateway, Second] })).rejects.toThrow(/EchoGateway\.echo.*Second\.again/);
  });

  it('cannot have a name that no client could send, and the start says whose it is', async () => {
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('order placed')
      placed() {
        return 'never';
      }
    }
    await expect(start({ providers: [Gateway] })).rejects.toThrow(
      'Gateway.placed: expected @SubscribeMessage to name an event of 1 to 128 characters of A-Z a-z 0-9 _ . : -, got "order placed"',
    );
  });

  it('cannot take the name of a built-in event', async () => {
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('join_room')
      join() {
        return 1;
      }
    }
    await expect(start({ providers: [Gateway] })).rejects.toThrow('"join_room" is a built-in event');
  });
});

describe('options of @WebSocketGateway', () => {
  it.each([
    ['verifyClient', { verifyClient: async () => Promise.resolve(false) }],
    ['namespace', { namespace: 'chat' }],
  ])('that do not hold here are never ignored silently: %s', async (name, options) => {
    @WebSocketGateway(options)
    class Gateway {}
    await expect(start({ providers: [Gateway] })).rejects.toThrow(name);
  });

  it('such as a port of its own are an error that says where to set it', async () => {
    @WebSocketGateway(8081)
    class Gateway {}
    await expect(start({ providers: [Gateway] })).rejects.toThrow('WSC_PORT');
  });

  it('such as ws settings are warned about', async () => {
    @WebSocketGateway({ perMessageDeflate: true })
    class Gateway {}
    const { log } = await start({ providers: [Gateway] });
    expect(log.of('warn').join()).toContain('`perMessageDeflate` of @WebSocketGateway is ignored');
  });
});

describe('refusing', () => {
  it('waits for an asynchronous decision', async () => {
    @Injectable()
    class LaterGuard implements CanActivate {
      async canActivate(): Promise<boolean> {
        await Promise.resolve();
        throw new UnauthorizedException();
      }
    }
    @UseGuards(LaterGuard)
    @WebSocketGateway()
    class Gateway {}
    const { url } = await start({ providers: [Gateway] });
    expect(await refusal(`${url}/ws`)).toMatchObject({ status: 401 });
  });

  it('is what a request-scoped APP_GUARD does for every message, built-in ones too', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class ScopedGuard implements CanActivate {
      constructor(@Inject(REQUEST) private readonly owner: unknown) {}

      canActivate(): boolean {
        return this.owner instanceof Connection && this.owner.metadata.get('isAllowed') === true;
      }
    }
    const { url, hub } = await start({ providers: [EchoGateway, { provide: APP_GUARD, useClass: ScopedGuard }] });
    const client = await WscClient.connect(`${url}/ws`);
    expect(await client.request('echo')).toMatchObject({ error: 'WSC_FORBIDDEN' });
    expect(await client.request('join_room', { room: 'x' })).toMatchObject({ error: 'WSC_FORBIDDEN' });
    for (const connection of hub.connections()) connection.metadata.set('isAllowed', true);
    expect(await client.request('echo', 1)).toMatchObject({ data: 1 });
  });
});

describe('handleConnection and handleDisconnect', () => {
  it.each(['sync', 'async'])('may throw (%s): the connection is closed, the process lives', async (kind) => {
    const failed: string[] = [];
    const fail = (where: string): unknown => {
      failed.push(where);
      if (kind === 'sync') throw new Error(where);
      return Promise.reject(new Error(where));
    };
    @WebSocketGateway()
    class Gateway {
      handleConnection(connection: Connection): unknown {
        return connection.params['way'] === 'in' ? fail('in') : undefined;
      }

      handleDisconnect(connection: Connection): unknown {
        return connection.params['way'] === 'out' ? fail('out') : undefined;
      }
    }
    const { url, hub, log } = await start({ providers: [Gateway], wsc: { path: '/ws/:way' } });
    expect(await (await WscClient.open(`${url}/ws/in`)).closed).toMatchObject({ code: 1011 });
    const gone = new Promise<unknown>((resolve) => hub.onError(resolve));
    await (await WscClient.connect(`${url}/ws/out`)).close();
    expect(await gone).toMatchObject({ message: 'out' });
    await WscClient.connect(`${url}/ws/fine`);
    expect(failed).toEqual(['in', 'out']);
    expect(log.of('error').length).toBeGreaterThan(0);
  });

  it('are done before the first message is handled', async () => {
    const arrived = new Subject<void>();
    @WebSocketGateway()
    class Gateway {
      async handleConnection(connection: Connection): Promise<void> {
        await new Promise<void>((resolve) => arrived.subscribe(() => resolve()));
        connection.metadata.set('user', 'ada');
      }

      @SubscribeMessage('user')
      user(@ConnectedSocket() connection: Connection) {
        return connection.metadata.get('user');
      }
    }
    const { url, httpUrl } = await start({ providers: [Gateway] });
    const client = await WscClient.open(`${url}/ws`);
    const answer = client.request('user');
    // The server has had many turns once it has answered this.
    await fetch(`${httpUrl}/ws`);
    expect(client.unheard).toEqual([]);
    arrived.next();
    expect(await answer).toMatchObject({ data: 'ada' });
  });

  it('may close the connection, and then no handler runs', async () => {
    const handled: unknown[] = [];
    @WebSocketGateway()
    class Gateway {
      handleConnection(connection: Connection): void {
        connection.close('unauthorized');
      }

      @SubscribeMessage('x')
      x(): void {
        handled.push('x');
      }
    }
    const { url } = await start({ providers: [Gateway] });
    const client = await WscClient.open(`${url}/ws`);
    client.send({ type: 'request', event: 'x', request_id: 'x' });
    expect(await client.closed).toMatchObject({ code: 4501, reason: 'unauthorized' });
    expect(handled).toEqual([]);
  });

  it('learn code and text of the end', async () => {
    let gone: (reason: DisconnectReason) => void = () => undefined;
    const reason = new Promise<DisconnectReason>((resolve) => (gone = resolve));
    @WebSocketGateway()
    class Gateway {
      handleDisconnect(_connection: Connection, why: DisconnectReason): void {
        gone(why);
      }
    }
    const { url } = await start({ providers: [Gateway] });
    (await WscClient.connect(`${url}/ws`)).socket.close(4200, 'lunch');
    expect(await reason).toEqual({ code: 4200, reason: 'lunch', initiatedBy: 'client' });
  });
});

describe('messages', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;

  @WebSocketGateway()
  class Gateway {
    @SubscribeMessage('reply')
    reply(@MessageBody() kind: string) {
      if (kind === 'stream') return of(1n);
      return kind === 'bigint' ? { value: 1n } : cycle;
    }
  }

  it.each(['bigint', 'cycle', 'stream'])(
    'whose answer cannot be written (%s) get an error, and the next one its answer',
    async (kind) => {
      const { url } = await start({ providers: [Gateway, EchoGateway] });
      const client = await WscClient.connect(`${url}/ws`);
      expect(await client.request('reply', kind)).toMatchObject({ type: 'error', error: 'WSC_INTERNAL' });
      expect(await client.request('echo', 1)).toMatchObject({ data: 1 });
    },
  );

  it.each(['not json', 'null', '[]', '1', '""', '{"event":{}}'])(
    'that are none are answered, not dropped: %s',
    async (text) => {
      const { url } = await start({ providers: [EchoGateway] });
      const client = await WscClient.connect(`${url}/ws`);
      client.send(text);
      const answer = await client.hearWhere((message) => JSON.stringify(message).includes('WSC_INVALID'));
      expect(answer).toBeDefined();
      expect(await client.request('echo', 1)).toMatchObject({ data: 1 });
    },
  );

  it('run so many handlers at a time and no more', async () => {
    let running = 0;
    let most = 0;
    const finish = new Subject<void>();
    @WebSocketGateway()
    class Slow {
      @SubscribeMessage('slow')
      async slow(): Promise<void> {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => finish.subscribe(() => resolve()));
        running -= 1;
      }
    }
    const { url } = await start({ providers: [Slow], wsc: { maxConcurrentHandlers: 2 } });
    const client = await WscClient.connect(`${url}/ws`);
    const answers = Promise.all([1, 2, 3, 4, 5].map(() => client.request('slow')));
    const pump = setInterval(() => finish.next(), 1);
    await answers;
    clearInterval(pump);
    expect(most).toBe(2);
  });

  it('of a client that does not read cost no more than its outbox', async () => {
    @WebSocketGateway()
    class Big {
      @SubscribeMessage('big')
      big() {
        return 'x'.repeat(100_000);
      }
    }
    const { url, hub } = await start({ providers: [Big, EchoGateway], wsc: { messagesPerSecond: 0 } });
    const slow = await WscClient.connect(`${url}/ws`);
    const [connection] = [...hub.connections()];
    const closed = new Promise<DisconnectReason>((resolve) =>
      hub.onDisconnect((_connection, reason) => resolve(reason)),
    );
    let mostQueued = 0;
    hub.onMessage(() => void (mostQueued = Math.max(mostQueued, connection?.queuedBytes ?? 0)));
    slow.socket.pause();
    for (let index = 0; index < 3000; index += 1)
      slow.send({ type: 'request', event: 'big', request_id: `b${String(index)}` });
    expect(await closed).toMatchObject({ code: 4008 });
    // Of 300 MB. The turn in which the link refuses may queue 16 times the outbox of 1 MiB, and all later ones together
    // fill it once; what the kernel takes does not count.
    expect(mostQueued).toBeLessThan(20_000_000);
    const neighbour = await WscClient.connect(`${url}/ws`);
    expect(await neighbour.request('echo', 1)).toMatchObject({ data: 1 });
    slow.socket.terminate();
  });
});
