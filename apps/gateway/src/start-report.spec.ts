import { Logger } from '@nestjs/common';
import { resolveWscConfig } from '@nest-wsc/wsc';
import { readGatewayConfig } from './config/gateway-config.js';
import { reportStart } from './start-report.js';

/** Keeps what it is told. */
class KeptLogger extends Logger {
  readonly lines: unknown[] = [];

  override log(message: unknown): void {
    this.lines.push(message);
  }
}

function reportFor(environment: Readonly<Record<string, string>>) {
  const logger = new KeptLogger();
  const wsc = resolveWscConfig({}, environment);
  reportStart({ port: '9000', gateway: readGatewayConfig(environment), wsc }, logger);
  return String(logger.lines[0]);
}

describe('the report of a start', () => {
  it('says where Redis was configured, and never its password', () => {
    const report = reportFor({ REDIS_URL: 'redis://:hunter2@r:6379' });
    expect(report).toContain('Redis (environment variable REDIS_URL)');
    expect(report).not.toContain('hunter2');
  });

  it('says the settings and where each came from', () => {
    expect(reportFor({ PORT: '9000', WSC_PATH: '/live', WSC_AUTH: 'optional' })).toMatch(
      /^Settings: port 9000 \(environment variable PORT\), everything in memory \(this gateway alone\), auth optional \(as set\), path \/live \(environment variable WSC_PATH\), drainMs 15000 \(default\), /,
    );
  });

  it('says nothing of a path and a login of WebSockets that are off', () => {
    expect(reportFor({ WSC_ENABLED: 'false' })).toBe(
      'Settings: port 9000 (default), WebSockets off (environment variable WSC_ENABLED).',
    );
  });
});
