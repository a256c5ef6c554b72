import { Inject, Injectable } from '@nestjs/common';
import { HubService, type Principal } from '@nest-wsc/wsc';

/** Checks a token as the WebSocket handshake would: same keys, same issuer and audience, same revocations. */
@Injectable()
export class TokenVerifier {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  /** @throws {WscError} WSC_UNAUTHORIZED */
  async verify(token: string): Promise<Principal> {
    return this.hub.verifyToken(token);
  }
}
