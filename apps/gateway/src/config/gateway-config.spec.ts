import { readGatewayConfig } from './gateway-config.js';

describe('the settings of the gateway', () => {
  it('need nothing to be set', () => {
    expect(readGatewayConfig({})).toEqual({
      port: { value: 8080, source: 'default' },
      demoLogin: { value: true, source: 'default' },
    });
  });

  it('turn the demo login off in production, unless it is asked for', () => {
    expect(readGatewayConfig({ NODE_ENV: 'production' }).demoLogin.value).toBe(false);
    expect(readGatewayConfig({ NODE_ENV: 'production', WSC_DEMO_LOGIN: 'true' }).demoLogin.value).toBe(true);
    expect(readGatewayConfig({ WSC_DEMO_LOGIN: '0' }).demoLogin).toEqual({ value: false, source: 'environment' });
  });

  it('take an empty variable for one that is not set', () => {
    expect(readGatewayConfig({ PORT: ' ', WSC_DEMO_LOGIN: '' }).port.source).toBe('default');
  });

  it.each(['eighty', '-1', '65536', '8080.5', '0x50'])('refuse the port %s', (port) => {
    expect(() => readGatewayConfig({ PORT: port })).toThrow(
      `Expected PORT to be a port number from 0 to 65535, got "${port}".`,
    );
  });

  it('name every wrong value at once', () => {
    expect(() => readGatewayConfig({ PORT: 'x', WSC_DEMO_LOGIN: 'maybe' })).toThrow(
      /PORT .*WSC_DEMO_LOGIN to be true or false/,
    );
  });
});
