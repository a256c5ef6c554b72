import { Inject } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Connection, HubService } from '@nest-wsc/wsc';
import { ChatSendDto } from './chat.dto.js';

/** Chat with checked text. Joining, leaving and private messages are built in. */
@WebSocketGateway()
export class ChatGateway {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  /**
   * `chat.send {room, text}`: goes to the room's other members as `room_message` with `{text}`; answers `{id}`.
   * @throws {WscError} WSC_FORBIDDEN for anybody but members, whether the room exists or not
   */
  @SubscribeMessage('chat.send')
  async send(@MessageBody() dto: ChatSendDto, @ConnectedSocket() connection: Connection): Promise<{ id: string }> {
    await this.hub.authorizePublish(connection, dto.room);
    const { userId, name } = connection;
    const sender = { ...(userId !== undefined && { from: userId }), ...(name !== undefined && { fromName: name }) };
    const message = { event: 'room_message', data: { text: dto.text }, ...sender };
    const { id } = await this.hub.sendToRoom(dto.room, message, { exceptConnectionId: connection.id });
    return { id };
  }
}
