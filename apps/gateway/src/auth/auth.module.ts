import { Module } from '@nestjs/common';
import { AuthController } from './auth.controller.js';
import { DemoTokens } from './demo-tokens.js';

/** The demo login, connect tokens and revocation. Who may call the HTTP API is said at its routes, with `@RequireLogin()`. */
@Module({ controllers: [AuthController], providers: [DemoTokens] })
export class AuthModule {}
