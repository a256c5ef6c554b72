import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer } from 'node:net';
import {
  Controller,
  Get,
  Global,
  Inject,
  Injectable,
  Module,
  UseGuards,
  type CanActivate,
  type OnModuleDestroy,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Test } from '@nestjs/testing';
import { HubService, OnConnect, WscModule } from '@nest-wsc/wsc';
import { closeApps, startApp, type AppOptions } from './support/apps.js';
import { until } from './support/until.js';
import { refusal, WscClient } from './support/wsc-client.js';

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown) {
    return data;
  }
}

afterEach(closeApps);

async function start({ imports = [], ...metadata }: AppOptions) {
  const running = await startApp({ ...metadata, imports: [WscModule.forRoot(), ...imports] });
  return { ...running, hub: running.app.get(HubService) };
}

describe('app.close()', () => {
  it('lets handlers finish, says goodbye with 1012, and destroys what they use only then', async () => {
    @Injectable()
    class Repository implements OnModuleDestroy {
      isOpen = true;

      onModuleDestroy(): void {
        this.isOpen = false;
      }
    }
    // Nest destroys global modules last and, among equals, in reverse order: both kinds must find the drain done.
    @Global()
    @Module({ providers: [Repository], exports: [Repository] })
    class DataModule {}
    let finish: () => void = () => undefined;
    @WebSocketGateway()
    class Slow {
      constructor(@Inject(Repository) private readonly repository: Repository) {}

      @SubscribeMessage('slow')
      async slow() {
        await new Promise<void>((resolve) => (finish = resolve));
        return this.repository.isOpen;
      }
    }
    const { app, url, log } = await start({ providers: [Slow, EchoGateway], imports: [DataModule] });
    const client = await WscClient.connect(`${url}/ws`);
    const answer = client.request('slow');
    await client.request('echo');
    const closing = Promise.all([app.close(), app.close()]);
    expect(await client.hear({ type: 'goodbye' })).toMatchObject({
      data: { code: 1012, reconnect: true, reconnect_in_ms: expect.any(Number) },
    });
    expect(await client.request('echo')).toMatchObject({ error: 'WSC_UNAVAILABLE' });
    expect(await refusal(`${url}/ws`)).toMatchObject({ status: 503 });
    finish();
    expect(await answer).toMatchObject({ data: true });
    expect(await client.closed).toMatchObject({ code: 1012 });
    await closing;
    const drained = log.of('log').filter((line) => line.includes('drained'));
    expect(drained).toEqual([expect.stringMatching(/WebSockets are drained\. connections="1" ms="\d+"$/)]);
    await app.close();
  });

  it('is not held up by connections, idle HTTP ones too', async () => {
    const { app, url, httpUrl, hub } = await start({ providers: [EchoGateway] });
    await fetch(`${httpUrl}/ws`);
    const clients = await Promise.all([1, 2, 3].map(() => WscClient.connect(`${url}/ws`)));
    await app.close();
    expect(await Promise.all(clients.map((client) => client.closed))).toMatchObject([
      { code: 1012 },
      { code: 1012 },
      { code: 1012 },
    ]);
    expect(hub.isRunning).toBe(false);
  });

  it('is not held up by a connection on which HTTP requests keep coming', async () => {
    let finish: () => void = () => undefined;
    let begin: () => void = () => undefined;
    const hasBegun = new Promise<void>((resolve) => (begin = resolve));
    @Controller()
    class Slow {
      @Get('slow')
      async slow() {
        begin();
        await new Promise<void>((resolve) => (finish = resolve));
      }

      @Get('quick')
      quick() {
        return 'done';
      }
    }
    const { app, httpUrl } = await start({ providers: [EchoGateway], controllers: [Slow] });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (path: string): Promise<IncomingMessage> => {
      const [response] = (await once(get(`${httpUrl}${path}`, { agent }), 'response')) as [IncomingMessage];
      response.resume();
      await once(response, 'end');
      return response;
    };
    const slow = ask('/slow');
    await hasBegun;
    const closing = app.close();
    const server: Server = app.getHttpServer();
    await until(
      () => server.listening,
      (isListening) => !isListening,
    );
    finish();
    // What began before is answered, and its connection goes on to the next request, which ends it.
    expect((await slow).headers.connection).toBe('keep-alive');
    expect((await ask('/quick')).headers.connection).toBe('close');
    await closing;
    agent.destroy();
  });

  it('is not held up by a handshake that is being decided', async () => {
    let asked: () => void = () => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    @Injectable()
    class NeverGuard implements CanActivate {
      async canActivate(): Promise<boolean> {
        asked();
        return new Promise(() => undefined);
      }
    }
    @WebSocketGateway()
    class Gateway {
      @UseGuards(NeverGuard)
      @OnConnect()
      hello(): void {
        return undefined;
      }
    }
    const { app, url } = await start({ providers: [Gateway] });
    const refused = refusal(`${url}/ws`);
    await isAsked;
    await app.close();
    expect(await refused).toMatchObject({ status: 503 });
  });
});

describe('the start', () => {
  it('of the hub comes after every bootstrap hook, so that no message meets half an application', async () => {
    const running: boolean[] = [];
    @Injectable()
    class Warm {
      constructor(@Inject(HubService) private readonly hub: HubService) {}

      onApplicationBootstrap(): void {
        running.push(this.hub.isRunning);
      }
    }
    const { hub } = await start({ providers: [Warm] });
    expect([...running, hub.isRunning]).toEqual([false, true]);
  });

  it('leaves nothing behind where the application is closed before it is over', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    probe.close();
    await once(probe, 'close');
    for (const turns of [0, 1, 5, 20]) {
      const module = { imports: [WscModule.forRoot({ port, host: '127.0.0.1' })] };
      const app = (await Test.createTestingModule(module).compile()).createNestApplication({ logger: false });
      const starting = app.init();
      for (let left = turns; left > 0; left -= 1) await Promise.resolve();
      await Promise.all([starting, app.close()]);
      const socket = connect(port, '127.0.0.1');
      await expect(once(socket, 'connect')).rejects.toThrow('ECONNREFUSED');
    }
  });
});
