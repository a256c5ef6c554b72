import { Controller, Get, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HubService } from '@nest-wsc/wsc';
import { WscError } from '@nest-wsc/protocol';

/** For the orchestrator: yes or no, nothing else. */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  /** Whether the process is worth keeping. */
  @Get('live')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  /** Whether new connections are welcome: not before the start is complete, not while it drains or does not reach the other nodes. */
  @Get('ready')
  ready(): { readonly status: 'ok' } {
    if (this.hub.isEnabled && !this.hub.health().isReady) throw new WscError('WSC_UNAVAILABLE');
    return { status: 'ok' };
  }
}
