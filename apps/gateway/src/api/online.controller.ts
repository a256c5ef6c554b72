import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { UserIdPipe } from '@nest-wsc/demo-service';
import { HubService } from '@nest-wsc/wsc';
import { RequireLogin } from '../auth/bearer.guard.js';
import { PageDto } from './dto/page.dto.js';
import { OnlineView, UserOnlineView } from './views.js';

/** Who is there. */
@ApiTags('online')
@RequireLogin('admin', 'agent')
@Controller('api/online')
export class OnlineController {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  @Get()
  @ApiOperation({ summary: 'Users with at least one connection, a page at a time' })
  @ApiOkResponse({ type: OnlineView })
  async list(@Query() { limit, cursor }: PageDto): Promise<OnlineView> {
    const request = { ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) };
    const [page, count] = await Promise.all([this.hub.onlineUsers(request), this.hub.onlineUserCount()]);
    return { users: page.users, count, ...(page.cursor !== undefined && { cursor: page.cursor }) };
  }

  @Get(':user')
  @ApiOperation({ summary: 'Whether a user has a connection' })
  @ApiOkResponse({ type: UserOnlineView })
  async one(@Param('user', UserIdPipe) user: string): Promise<UserOnlineView> {
    return { user_id: user, online: await this.hub.isUserOnline(user) };
  }
}
