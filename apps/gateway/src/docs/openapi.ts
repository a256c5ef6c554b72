import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

const description = `
HTTP beside WebSocket, on one port. \`POST /auth/login\` gives a token; \`/api/*\` and \`/ws/stats\` want one of user type
\`admin\` or \`agent\`.

**Errors** are \`{ code, error, message, details?, retry_after_ms?, trace_id, timestamp }\`, with \`error\` from the same
catalogue as on the WebSocket (PROTOCOL.md §7).

**WebSocket** at \`/ws\`, with the token as \`Authorization: Bearer\` or as the subprotocol \`bearer.<token>\`. Beyond the
built-in events of PROTOCOL.md §4:

| event | data | answer |
|---|---|---|
| \`chat.send\` | \`{ room, text }\`, members only | \`{ id }\`; the other members hear \`room_message\` with \`{ text }\` |
| \`echo\` | anything | the same |
| \`slow\` | \`{ ms }\`, at most 5,000 | \`{ waited_ms }\`, after so long |
`;

/** Serves the OpenAPI page at `/docs` and the document at `/docs-json`. */
export function serveOpenApi(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('nest-wsc demo gateway')
    .setDescription(description)
    .setVersion('0.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    customSiteTitle: 'nest-wsc demo gateway',
  });
}
