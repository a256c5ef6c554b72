import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';

export type Platform = 'express' | 'fastify';

/** Keeps log lines instead of writing them. */
export class LogKeeper implements LoggerService {
  readonly lines: string[] = [];

  log(message: unknown): void {
    this.#keep('log', message);
  }

  warn(message: unknown): void {
    this.#keep('warn', message);
  }

  error(message: unknown, ...rest: readonly unknown[]): void {
    this.#keep('error', message, ...rest);
  }

  debug(message: unknown): void {
    this.#keep('debug', message);
  }

  /** The lines of one level, in order. */
  of(level: 'log' | 'warn' | 'error' | 'debug'): readonly string[] {
    return this.lines.filter((line) => line.startsWith(`${level}: `));
  }

  #keep(level: string, ...parts: readonly unknown[]): void {
    this.lines.push(`${level}: ${parts.map(String).join(' ')}`);
  }
}

export interface RunningApp {
  readonly app: INestApplication;
  readonly log: LogKeeper;
  /** For example `ws://127.0.0.1:40123`. */
  readonly url: string;
  readonly httpUrl: string;
}

export interface AppOptions extends ModuleMetadata {
  readonly platform?: Platform;
  /** Before `init`. */
  readonly prepare?: (app: INestApplication) => void;
}

const running = new Set<INestApplication>();

/** Starts an application on a free port. {@link closeApps} ends it. */
export async function startApp({ platform = 'express', prepare, ...metadata }: AppOptions): Promise<RunningApp> {
  const log = new LogKeeper();
  const app = await createApp({ platform, log, metadata });
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const httpUrl = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return { app, log, httpUrl, url: httpUrl.replace(/^http/, 'ws') };
}

/** To be called after each test. */
export async function closeApps(): Promise<void> {
  const apps = [...running];
  running.clear();
  await Promise.all(apps.map((app) => app.close()));
}

async function createApp(setup: {
  readonly platform: Platform;
  readonly log: LogKeeper;
  readonly metadata: ModuleMetadata;
}): Promise<INestApplication> {
  const module = await Test.createTestingModule(setup.metadata).setLogger(setup.log).compile();
  const adapter = setup.platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app: INestApplication = module.createNestApplication(adapter);
  running.add(app);
  return app;
}
