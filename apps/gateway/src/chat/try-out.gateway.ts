import { setTimeout as sleep } from 'node:timers/promises';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SlowDto } from './chat.dto.js';

/** For trying out: something that answers at once, and something that takes its time. */
@WebSocketGateway()
export class TryOutGateway {
  /** `echo`: answers what it was sent. */
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  /** `slow {ms}`: answers after at most 5 s; to see what a shutdown does with running handlers. */
  @SubscribeMessage('slow')
  async slow(@MessageBody() dto: SlowDto): Promise<{ waited_ms: number }> {
    await sleep(dto.ms);
    return { waited_ms: dto.ms };
  }
}
