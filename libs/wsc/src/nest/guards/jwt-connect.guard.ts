import { Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { principalOf } from '../decorators/params.decorators.js';

/**
 * Lets only connections in that have a principal: at the handshake as a 401, for a message (where it is bound to a gateway's class) as
 * WSC_UNAUTHORIZED. The token itself was checked before, by the authenticator. Needed only where `auth` is `optional`.
 */
@Injectable()
export class JwtConnectGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (principalOf(context) === undefined) throw new UnauthorizedException('Authentication is needed.');
    return true;
  }
}
