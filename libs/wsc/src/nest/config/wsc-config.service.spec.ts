import 'reflect-metadata';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import type { LogContext } from '../../core/ports/logger.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { WscConfigError } from './config-fault.js';
import type { LiveSettings } from './live-settings.js';
import type { WscModuleOptions } from './module-options.js';
import { resolveWscConfig } from './resolve-config.js';
import { wscConfig } from './wsc-config.factory.js';
import { WscConfigService } from './wsc-config.service.js';

/** Tells when it is told. */
class TellingLogger extends MemoryLogger {
  readonly waiting: { text: string; resolve: () => void }[] = [];

  override warn(message: string, context?: LogContext): void {
    super.warn(message, context);
    this.#tell(message);
  }

  override error(message: string, context?: LogContext): void {
    super.error(message, context);
    this.#tell(message);
  }

  #tell(message: string): void {
    for (const { text, resolve } of this.waiting) if (message.includes(text)) resolve();
  }
}

function serviceWith(options: WscModuleOptions = {}, environment: Record<string, string> = {}) {
  const logger = new TellingLogger();
  return { logger, service: new WscConfigService({ auth: 'none', ...options }, { environment, logger }) };
}

describe('WscConfigService', () => {
  it('does not start with a wrong value', () => {
    expect(() => serviceWith({ maxRooms: -1 })).toThrow(WscConfigError);
  });

  it('logs its warnings at the start', () => {
    const { service, logger } = serviceWith({}, { WSC_MAX_ROMS: '1' });
    service.onModuleInit();
    expect(logger.lines).toEqual([
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('WSC_MAX_ROOMS?') }),
    ]);
  });

  it('changes live settings over all other sources, and tells its listeners what was and is', () => {
    const { service } = serviceWith({ maxRooms: 1 }, { WSC_ORIGINS: 'https://a.example' });
    const before = service.current;
    const heard: unknown[] = [];
    const stop = service.onChange((current, previous) => heard.push([current, previous]));
    const after = service.update({ maxRooms: 2, origins: ['https://b.example'], devicePolicy: 'single' });
    expect(heard).toEqual([[after, before]]);
    expect(service.current).toBe(after);
    expect(after.hub).toEqual({
      ...before.hub,
      limits: { ...before.hub.limits, maxRooms: 2 },
      devicePolicy: { maxDevices: 1, whenExceeded: 'kick-oldest' },
    });
    expect(after.access.origins).toEqual(['https://b.example']);
    stop();
    service.update({ maxRooms: 3 });
    expect(heard).toHaveLength(1);
    expect(service.current.access.origins).toEqual(['https://b.example']);
  });

  it('applies a change whole or not at all', () => {
    const { service } = serviceWith();
    const before = service.current;
    service.onChange(() => {
      throw new Error('must not be called');
    });
    const wrong = { maxRooms: 2, messagesPerSecond: -1, clientTimeoutMs: 1 };
    expect(() => service.update(wrong)).toThrow(
      expect.objectContaining({
        faults: [
          expect.objectContaining({ what: 'messagesPerSecond' }),
          expect.objectContaining({ what: 'clientTimeoutMs' }),
        ],
      }),
    );
    expect(service.current).toBe(before);
    service.update({});
    expect(service.current).toBe(before);
  });

  it('answers that other settings need a restart, and that unknown ones are none', () => {
    const { service } = serviceWith();
    const changes: unknown = JSON.parse('{"path":"/x","jwt.secret":"y","maxRoms":1,"namespaces":{},"__proto__":{}}');
    let message = '';
    try {
      service.update(changes as LiveSettings);
    } catch (error) {
      message = String(error);
    }
    expect(message.split('\n').slice(1)).toEqual([
      '  - path: expected a restart with the new value; it cannot change while the application runs.',
      '  - jwt.secret: expected a restart with the new value; it cannot change while the application runs.',
      '  - "maxRoms": expected a setting that can change; did you mean maxRooms?',
      '  - "namespaces": expected a setting that can change.',
      '  - "__proto__": expected a setting that can change.',
    ]);
  });

  it('keeps its node id, and goes on when a listener fails', () => {
    const { service, logger } = serviceWith();
    const { nodeId } = service.current.hub;
    const heard: string[] = [];
    service.onChange(() => {
      throw new Error('listener');
    });
    service.onChange((current) => heard.push(current.hub.nodeId));
    service.update({ maxRooms: 9 });
    expect(heard).toEqual([nodeId]);
    expect(logger.lines).toEqual([expect.objectContaining({ level: 'error' })]);
  });
});

describe('a watched configuration file', () => {
  let folder: string;
  let path: string;
  let service: WscConfigService;
  let logger: TellingLogger;

  /** Settles with the next change; the file system tells when it likes. */
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      const stop = service.onChange(() => {
        stop();
        resolve();
      });
    });
  /** Settles once a line with the text is logged. */
  const logged = (text: string): Promise<void> => new Promise((resolve) => logger.waiting.push({ text, resolve }));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wsc-watch-'));
    path = join(folder, 'wsc.yaml');
    await writeFile(path, 'wsc: { path: /a, limits: { max_rooms: 1 } }');
    ({ service, logger } = serviceWith({ configFile: path, configWatch: true }));
    service.onApplicationBootstrap();
  });

  afterEach(async () => {
    service.onModuleDestroy();
    await rm(folder, { recursive: true });
  });

  it('changes what can change, whether it is written or replaced, and says what waits for a restart', async () => {
    let change = changed();
    await writeFile(path, 'wsc: { path: /b, limits: { max_rooms: 2 } }');
    await change;
    expect(service.current.hub.limits.maxRooms).toBe(2);
    expect(service.current.path).toBe('/a');
    expect(logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', context: { setting: 'path' } }));

    change = changed();
    await writeFile(join(folder, 'new.yaml'), 'wsc: { limits: { max_rooms: 3 } }');
    await rename(join(folder, 'new.yaml'), path);
    await change;
    expect(service.current.hub.limits.maxRooms).toBe(3);
    expect(service.current.path).toBe('/a');
  });

  it('keeps the old values where it is wrong or gone, and goes on afterwards', async () => {
    const before = service.current;
    const refused = logged('maxRooms is "many"');
    await writeFile(path, 'wsc: { limits: { max_rooms: many } }');
    await refused;
    const missed = logged('cannot be read');
    await rm(path);
    await missed;
    expect(service.current).toBe(before);
    const change = changed();
    await writeFile(path, 'wsc: { limits: { max_rooms: 4 } }');
    await change;
    expect(service.current.hub.limits.maxRooms).toBe(4);
  });

  it('does not undo what was changed by a call', async () => {
    service.update({ maxRooms: 7 });
    const change = changed();
    await writeFile(path, 'wsc: { limits: { max_rooms: 2, max_room_members: 2 } }');
    await change;
    expect(service.current.hub.limits).toMatchObject({ maxRooms: 7, maxRoomMembers: 2 });
  });
});

describe('wscConfig', () => {
  const environment = { ...process.env };

  afterEach(() => {
    process.env = { ...environment };
  });

  it('makes @nestjs/config answer what holds, and gives the module its options', async () => {
    Object.assign(process.env, { WSC_MAX_ROOMS: '5', JWT_SECRET: 'a secret of thirty-two characters' });
    const { imports, inject, useFactory } = wscConfig.asProvider();
    @Module({
      imports,
      providers: [
        {
          provide: WscConfigService,
          inject,
          useFactory: (loaded: WscModuleOptions) => new WscConfigService(useFactory(loaded as never)),
        },
      ],
    })
    class Feature {}
    const module = await Test.createTestingModule({
      imports: [ConfigModule.forRoot({ ignoreEnvFile: true, load: [wscConfig] }), Feature],
    }).compile();
    const config = module.get(ConfigService);
    expect(config.get('wsc.maxRooms')).toBe(5);
    expect(config.get('wsc.auth')).toBe('required');
    expect(config.get('wsc.jwt.secret')).toBe('a secret of thirty-two characters');
    const { current } = module.get(WscConfigService);
    expect(current.hub.limits.maxRooms).toBe(5);
    expect(current.sources.get('maxRooms')).toEqual({ kind: 'environment', variable: 'WSC_MAX_ROOMS' });
    await module.close();
  });

  it('may be spread and added to: what was only loaded does not count as said', () => {
    process.env['WSC_MAX_ROOMS'] = '5';
    const authenticator = {
      authenticate: () => undefined,
      verify: () => ({ userId: 'u', claims: {} }),
      tokenIdOf: () => '',
    };
    const loaded = wscConfig() as WscModuleOptions;
    expect(loaded.auth).toBe('none');
    const { hub, sources } = resolveWscConfig({ ...loaded, authenticator, maxConnections: 9 });
    expect(hub.auth).toBe('required');
    expect(sources.get('maxRooms')?.kind).toBe('environment');
    expect(sources.get('maxConnections')?.kind).toBe('option');
    expect(sources.get('origins')?.kind).toBe('default');
  });
});
