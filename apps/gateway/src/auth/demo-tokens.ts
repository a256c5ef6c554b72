import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { WscError } from '@nest-wsc/protocol';
import { HubService } from '@nest-wsc/wsc';
import type { GatewayConfig } from '../config/gateway-config.js';
import { GATEWAY_CONFIG } from '../config/gateway-config.module.js';

const lifetimeSeconds = 3600;

/** What somebody says to be at the demo login. */
export interface DemoIdentity {
  readonly userId: string;
  readonly name: string | undefined;
  readonly userType: string;
}

/** Signs tokens for whoever asks, so that the demo can be tried without an identity provider. Never for production. */
@Injectable()
export class DemoTokens {
  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(HubService) private readonly hub: HubService,
  ) {}

  /**
   * Signs as the library checks: same secret, issuer and audience.
   * @throws {WscError} WSC_FORBIDDEN where the demo login is off; WSC_UNAVAILABLE where tokens come from elsewhere
   */
  async issue({
    userId,
    name,
    userType,
  }: DemoIdentity): Promise<{ readonly token: string; readonly expiresIn: number }> {
    if (!this.config.demoLogin.value) {
      throw new WscError('WSC_FORBIDDEN', { message: 'The demo login is off (WSC_DEMO_LOGIN).' });
    }
    const { jwt } = this.hub.config.access;
    if (jwt === undefined || !('secret' in jwt.keys)) {
      throw new WscError('WSC_UNAVAILABLE', {
        message: 'The demo login signs with JWT_SECRET; tokens come from elsewhere.',
      });
    }
    const unsigned = new SignJWT({ user_type: userType, ...(name !== undefined && { name }) })
      .setProtectedHeader({ alg: jwt.algorithms?.[0] ?? 'HS256' })
      .setSubject(userId)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${lifetimeSeconds} s`);
    const [issuer] = listOf(jwt.issuer);
    if (issuer !== undefined) unsigned.setIssuer(issuer);
    if (jwt.audience !== undefined) unsigned.setAudience(listOf(jwt.audience));
    return { token: await unsigned.sign(new TextEncoder().encode(jwt.keys.secret)), expiresIn: lifetimeSeconds };
  }
}

const listOf = (value: string | readonly string[] = []): string[] => (typeof value === 'string' ? [value] : [...value]);
