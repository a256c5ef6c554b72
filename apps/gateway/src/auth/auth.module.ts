import { Module } from '@nestjs/common';
import { AuthController } from './auth.controller.js';
import { BearerGuard } from './bearer.guard.js';
import { DemoTokens } from './demo-tokens.js';
import { TokenVerifier } from './token-verifier.js';

/** Who may call the HTTP API, and the demo login. */
@Module({
  controllers: [AuthController],
  providers: [DemoTokens, TokenVerifier, BearerGuard],
  exports: [TokenVerifier, BearerGuard],
})
export class AuthModule {}
