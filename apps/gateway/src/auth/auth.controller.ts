import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { WscError } from '@nest-wsc/protocol';
import { HubService, type Principal } from '@nest-wsc/wsc';
import { ConnectTokenView, LoginDto, RevokedView, RevokeDto, TokenView } from './auth.dto.js';
import { CurrentPrincipal, RequireLogin } from './bearer.guard.js';
import { DemoTokens } from './demo-tokens.js';

/** Getting in, and being put out. */
@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    @Inject(HubService) private readonly hub: HubService,
    @Inject(DemoTokens) private readonly demoTokens: DemoTokens,
  ) {}

  @Post('login')
  @HttpCode(200)
  @ApiOperation({ summary: 'Demo login: a token for whoever you say you are. Off in production.' })
  @ApiOkResponse({ type: TokenView })
  async login(@Body() dto: LoginDto): Promise<TokenView> {
    const identity = { userId: dto.user_id, name: dto.name, userType: dto.user_type ?? 'customer' };
    const { token, expiresIn } = await this.demoTokens.issue(identity);
    return { token, expires_in: expiresIn };
  }

  @Post('connect-token')
  @HttpCode(200)
  @RequireLogin()
  @ApiOperation({ summary: 'A token for one connection, short-lived, that may stand in a URL' })
  @ApiOkResponse({ type: ConnectTokenView })
  async connectToken(@CurrentPrincipal() principal: Principal): Promise<ConnectTokenView> {
    const { connectToken, expiresIn } = await this.hub.issueConnectToken(principal);
    return { connect_token: connectToken, expires_in: expiresIn };
  }

  /** Holding the token is right enough to end it (as RFC 7009); one that is not good anyway changes nothing. */
  @Post('revoke')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ends a token and every connection that came in with it' })
  @ApiOkResponse({ type: RevokedView })
  async revoke(@Body() dto: RevokeDto): Promise<RevokedView> {
    if (!(await this.isGood(dto.token))) return { revoked: false, closed_connections: 0 };
    return { revoked: true, closed_connections: await this.hub.revokeToken(dto.token) };
  }

  private async isGood(token: string): Promise<boolean> {
    try {
      await this.hub.verifyToken(token);
      return true;
    } catch (error) {
      if (error instanceof WscError && error.error === 'WSC_UNAUTHORIZED') return false;
      throw error;
    }
  }
}
