import {
  applyDecorators,
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { Request } from 'express';
import { WscError } from '@nest-wsc/protocol';
import { HubService, type Principal } from '@nest-wsc/wsc';

const userTypesKey = 'gateway:userTypes';
const principals = new WeakMap<Request, Principal>();

function bearerOf(request: Request): string {
  const [, token] = /^Bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw new WscError('WSC_UNAUTHORIZED', { message: 'Send "Authorization: Bearer <token>".' });
  return token;
}

/** Lets an HTTP request through whose token would also be let in by WebSocket, and whose user type is asked for. */
@Injectable()
class BearerGuard implements CanActivate {
  constructor(
    @Inject(HubService) private readonly hub: HubService,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  /** @throws {WscError} WSC_UNAUTHORIZED, WSC_FORBIDDEN */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const principal = await this.hub.verifyToken(bearerOf(request));
    const userTypes = this.reflector.getAllAndOverride<readonly string[]>(userTypesKey, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (userTypes.length > 0 && !userTypes.includes(principal.userType ?? '')) {
      throw new WscError('WSC_FORBIDDEN', { message: `This needs a token of user type ${userTypes.join(' or ')}.` });
    }
    principals.set(request, principal);
    return true;
  }
}

/** Asks for a bearer token; with user types, for one of them. */
export const RequireLogin = (...userTypes: readonly string[]): ClassDecorator & MethodDecorator =>
  applyDecorators(SetMetadata(userTypesKey, userTypes), UseGuards(BearerGuard), ApiBearerAuth());

/** Who asks, as {@link BearerGuard} found. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const principal = principals.get(context.switchToHttp().getRequest<Request>());
  if (principal === undefined) throw new Error('@CurrentPrincipal() needs @RequireLogin() on the route.');
  return principal;
});
