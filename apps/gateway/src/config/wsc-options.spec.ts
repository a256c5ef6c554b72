import { Logger } from '@nestjs/common';
import type { WscModuleOptions } from '@nest-wsc/wsc';
import { readGatewayConfig } from './gateway-config.js';
import { createWscOptions } from './wsc-options.js';

const key = { JWT_SECRET: 'a secret of at least 32 bytes, as it must be' };

function optionsFor(environment: Readonly<Record<string, string>>): WscModuleOptions {
  return createWscOptions(readGatewayConfig(environment), environment);
}

describe('what the gateway asks of the library', () => {
  beforeAll(() => void Logger.overrideLogger(false));
  afterAll(() => void Logger.overrideLogger(['log', 'warn', 'error']));

  it('is a random secret where nothing says how tokens are checked', () => {
    const [first, second] = [optionsFor({}), optionsFor({})];
    expect(Buffer.from(first.jwt?.secret ?? '', 'base64url')).toHaveLength(32);
    expect(second.jwt?.secret).not.toBe(first.jwt?.secret);
    expect(optionsFor(key).jwt).toBeUndefined();
  });

  it.each([{ NODE_ENV: 'production' }, { WSC_DEMO_LOGIN: 'false' }, { NODE_ENV: 'production', WSC_ENABLED: 'false' }])(
    'is refused where nobody could log in: %j',
    (environment) => {
      expect(() => optionsFor(environment)).toThrow(
        /Set JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL; .*WSC_DEMO_LOGIN=true/,
      );
      expect(optionsFor({ ...environment, ...key }).jwt).toBeUndefined();
      expect(optionsFor({ ...environment, WSC_DEMO_LOGIN: 'true' }).jwt?.secret).toBeDefined();
    },
  );

  it('is no secret where no tokens are checked', () => {
    expect(optionsFor({ NODE_ENV: 'production', WSC_AUTH: 'none' }).jwt).toBeUndefined();
  });

  it('is refused where HTTP and WebSockets want the same port', () => {
    const text = 'HTTP (PORT) and the own port of WebSockets (environment variable WSC_PORT) are both';
    expect(() => optionsFor({ PORT: '9000', WSC_PORT: '9000' })).toThrow(`${text} 9000. Leave out WSC_PORT`);
    expect(() => optionsFor({ WSC_PORT: '8080' })).toThrow(`${text} 8080.`);
    for (const environment of [
      { PORT: '9000', WSC_PORT: '9001' },
      { PORT: '0', WSC_PORT: '0' },
      { PORT: '9000', WSC_PORT: '9000', WSC_ENABLED: 'false' },
    ]) {
      expect(() => optionsFor(environment)).not.toThrow();
    }
  });
});
