import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, makeGenericClientConstructor, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  Controller,
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { AbstractWsAdapter, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { HubService, wscConfig, WscConfigService, WscModule } from '@nest-wsc/wsc';
import { closeApps, LogKeeper, startApp } from './support/apps.js';
import { bearer, jwtSecret } from './support/jwt.js';
import { refusal, WscClient } from './support/wsc-client.js';

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown) {
    return data;
  }
}

const contexts: INestApplicationContext[] = [];

afterEach(async () => {
  await closeApps();
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});

describe('WscModule', () => {
  it.each<[string, () => DynamicModule[]]>([
    ['forRoot', () => [WscModule.forRoot(), WscModule.forRoot({ path: '/other' })]],
    ['forRootAsync', () => [WscModule.forRoot(), WscModule.forRootAsync({ useFactory: () => ({}) })]],
  ])('imported again by %s is an error that says so', async (_name, imports) => {
    await expect(startApp({ imports: imports() })).rejects.toThrow('WscModule is imported more than once.');
  });

  it('imported without forRoot is an error that says so', async () => {
    await expect(startApp({ imports: [WscModule] })).rejects.toThrow('WscModule.forRoot()');
  });

  it('may be in several applications of one process', async () => {
    const first = await startApp({ imports: [WscModule.forRoot()], providers: [EchoGateway] });
    const second = await startApp({ imports: [WscModule.forRoot()], providers: [EchoGateway] });
    const client = await WscClient.connect(`${first.url}/ws`);
    await WscClient.connect(`${second.url}/ws`);
    expect(await first.app.get(HubService).broadcast({ event: 'x' })).toMatchObject({ queued: 1 });
    await client.hear({ event: 'x' });
  });

  it('takes its options from a factory with injected providers, from @nestjs/config too', async () => {
    @Module({ providers: [{ provide: 'PATH', useValue: '/injected' }], exports: ['PATH'] })
    class PathModule {}
    const byFactory = WscModule.forRootAsync({
      imports: [PathModule],
      inject: ['PATH'],
      useFactory: async (path: string) => Promise.resolve({ path }),
    });
    await WscClient.connect(`${(await startApp({ imports: [byFactory] })).url}/injected`);
    const byConfig = [
      ConfigModule.forRoot({ ignoreEnvFile: true, load: [wscConfig] }),
      WscModule.forRootAsync(wscConfig.asProvider()),
    ];
    await WscClient.connect(`${(await startApp({ imports: byConfig })).url}/ws`);
  });

  it('does not start beside another adapter, and says why', async () => {
    class OtherAdapter extends AbstractWsAdapter {
      create() {
        return { close: (done: () => void) => done(), on: () => undefined };
      }
      bindMessageHandlers(): void {
        return undefined;
      }
    }
    const starting = startApp({
      imports: [WscModule.forRoot()],
      providers: [EchoGateway],
      prepare: (app) => app.useWebSocketAdapter(new OtherAdapter(app)),
    });
    await expect(starting).rejects.toThrow('OtherAdapter is set as their adapter');
  });

  it('changes limits while it runs', async () => {
    const { app, url } = await startApp({ imports: [WscModule.forRoot()] });
    await WscClient.connect(`${url}/ws`);
    app.get(WscConfigService).update({ maxConnections: 1 });
    expect(await refusal(`${url}/ws`)).toMatchObject({ status: 503 });
  });

  it('listens on a port of its own on request, and there only', async () => {
    const { url, log } = await startApp({
      imports: [WscModule.forRoot({ port: 0, host: '127.0.0.1' })],
      providers: [EchoGateway],
    });
    const port = /port (\d+)/.exec(log.lines.join())?.[1];
    const client = await WscClient.connect(`ws://127.0.0.1:${String(port)}/ws`);
    expect(await client.request('echo', 1)).toMatchObject({ data: 1 });
    await expect(WscClient.open(`${url}/ws`)).rejects.toThrow();
    const second = startApp({ imports: [WscModule.forRoot({ port: Number(port), host: '127.0.0.1' })] });
    await expect(second).rejects.toThrow(/port \d+ of 127\.0\.0\.1 \(WSC_PORT, WSC_HOST\): .*EADDRINUSE/);
  });
});

describe('an application with WSC_ENABLED=false', () => {
  it('starts without WebSockets, and HubService says so', async () => {
    const { app, url } = await startApp({ imports: [WscModule.forRoot({ enabled: false })], providers: [EchoGateway] });
    const hub = app.get(HubService);
    expect([hub.isEnabled, hub.isRunning]).toEqual([false, false]);
    const why = { error: 'WSC_UNAVAILABLE', message: expect.stringContaining('WSC_ENABLED=false') };
    await expect(hub.broadcast({ event: 'x' })).rejects.toMatchObject(why);
    await expect(hub.notify('ada', { title: 'x', body: 'y' })).rejects.toMatchObject(why);
    expect(() => hub.createRoom('x')).toThrow('WSC_ENABLED=false');
    expect(hub.onConnect(() => undefined).use((_context, next) => next())).toBe(hub);
    expect(hub.stats.totalClients).toBe(0);
    await expect(WscClient.open(`${url}/ws`)).rejects.toThrow();
  });
});

describe('an application without an HTTP server', () => {
  @Injectable()
  class Repository implements OnModuleDestroy {
    isOpen = true;

    onModuleDestroy(): void {
      this.isOpen = false;
    }
  }

  let started: () => void = () => undefined;
  let finish: () => void = () => undefined;

  @WebSocketGateway()
  class SlowGateway {
    constructor(@Inject(Repository) private readonly repository: Repository) {}

    @SubscribeMessage('slow')
    async slow() {
      const finished = new Promise<void>((resolve) => (finish = resolve));
      started();
      await finished;
      return { isRepositoryOpen: this.repository.isOpen };
    }
  }

  it('sends through the hub, and to nobody', async () => {
    @Module({ imports: [WscModule.forRoot()] })
    class AppModule {}
    const context = await createContext(AppModule);
    const hub = context.get(HubService);
    expect(hub.isRunning).toBe(true);
    expect(await hub.sendToUser('ada', { event: 'x' })).toMatchObject({ queued: 0, dropped: 0 });
    await context.close();
    expect(hub.isRunning).toBe(false);
  });

  it('serves a port of its own, and finishes handlers before anything they use is destroyed', async () => {
    @Module({ imports: [WscModule.forRoot({ port: 0, host: '127.0.0.1' })], providers: [SlowGateway, Repository] })
    class AppModule {}
    const log = new LogKeeper();
    const context = await createContext(AppModule, log);
    const client = await WscClient.connect(`ws://127.0.0.1:${/port (\d+)/.exec(log.lines.join())?.[1] ?? ''}/ws`);
    const running = new Promise<void>((resolve) => (started = resolve));
    client.send({ type: 'request', event: 'slow', request_id: 's' });
    await running;
    const closing = context.close();
    await client.hear({ type: 'goodbye' });
    finish();
    expect(await client.hear({ request_id: 's' })).toMatchObject({ data: { isRepositoryOpen: true } });
    expect(await client.closed).toMatchObject({ code: 1012 });
    await closing;
  });
});

describe('a hybrid application', () => {
  it('answers gRPC and WebSockets, and sends from one to the other', async () => {
    @Controller()
    class EchoController {
      constructor(@Inject(HubService) private readonly hub: HubService) {}

      @GrpcMethod('Echo', 'Say')
      async say(words: { readonly text: string }) {
        const { queued } = await this.hub.broadcast({ event: 'said', data: words });
        return { text: `${words.text} to ${String(queued)}` };
      }
    }
    const protoPath = join(__dirname, 'support', 'echo.proto');
    const directory = await mkdtemp(join(tmpdir(), 'wsc-grpc-'));
    const address = `unix:${join(directory, 'socket')}`;
    const { app, url } = await startApp({
      imports: [WscModule.forRoot({ jwt: { secret: jwtSecret } })],
      controllers: [EchoController],
      providers: [EchoGateway],
      prepare: (app) =>
        app.connectMicroservice<MicroserviceOptions>({
          transport: Transport.GRPC,
          options: { package: 'echo', protoPath, url: address },
        }),
    });
    await app.startAllMicroservices();
    const client = await WscClient.connect(`${url}/ws`, { headers: await bearer('ada') });
    expect(await client.request('echo', 1)).toMatchObject({ data: 1 });
    expect(await say(protoPath, address, 'hello')).toEqual({ text: 'hello to 1' });
    expect(await client.hear({ event: 'said' })).toMatchObject({ data: { text: 'hello' } });
    await rm(directory, { recursive: true, force: true });
  });
});

function isService(value: unknown): value is ServiceDefinition {
  return typeof value === 'object' && value !== null && 'Say' in value;
}

/** Calls the gRPC service as a client without generated code does. */
function say(protoPath: string, address: string, text: string): Promise<unknown> {
  const method = loadSync(protoPath)['echo.Echo'];
  if (!isService(method)) throw new Error('Expected the service echo.Echo.');
  const Echo = makeGenericClientConstructor(method, 'Echo');
  const client = new Echo(address, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<object, unknown>(
      '/echo.Echo/Say',
      (words) => Buffer.from(method['Say']?.requestSerialize(words) ?? []),
      (bytes) => method['Say']?.responseDeserialize(bytes),
      { text },
      (error, answer) => {
        client.close();
        if (error) reject(error);
        else resolve(answer);
      },
    );
  });
}

async function createContext(module: new () => object, log = new LogKeeper()): Promise<INestApplicationContext> {
  const context = await NestFactory.createApplicationContext(module, { logger: log, abortOnError: false });
  contexts.push(context);
  return context;
}
