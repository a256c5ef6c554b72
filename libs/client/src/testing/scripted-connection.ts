import {
  defaultDecodeLimits,
  jsonCodec,
  type ClientEnvelope,
  type RequestEnvelope,
  type ServerEnvelope,
  type ServerNotifyEnvelope,
  type WelcomeData,
} from '@nest-wsc/protocol';
import type { WebSocket } from 'ws';
import { Inbox } from './inbox.js';

/** A connection as the gateway sees it. */
export class ScriptedConnection {
  /** Every envelope of the client but pings, in order. */
  readonly envelopes = new Inbox<ClientEnvelope>();
  /** Resolves with the client's close code. */
  readonly closed: Promise<number>;
  /** Whether pings are answered. */
  answersPings = true;
  /** Whether `resume` is answered as a server does that keeps no sessions; else a test has to. */
  refusesResume = true;
  pingCount = 0;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data, isBinary) => {
      if (!isBinary && Buffer.isBuffer(data)) this.#receive(data);
    });
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  welcome({ isAnonymous = false, ...data }: Partial<WelcomeData> & { readonly isAnonymous?: boolean } = {}): void {
    this.send({
      type: 'welcome',
      data: {
        protocol: 'wsc.v1',
        connectionId: 'c1',
        ...(!isAnonymous && { userId: 'ann' }),
        deviceId: 'd1',
        nodeId: 'n1',
        session: 'secret',
        pingIntervalMs: 30_000,
        maxMessageBytes: 1_000,
        serverTime: 1_767_225_600_000,
        ...data,
      },
    });
  }

  send(envelope: ServerEnvelope): void {
    this.sendText(jsonCodec.encode(envelope));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  notify(message: Partial<ServerNotifyEnvelope>): void {
    this.send({ type: 'notify', event: 'news', id: 'm1', data: 1, timestamp: 1, ...message });
  }

  /** The next envelope, which has to be a request. */
  async request(): Promise<RequestEnvelope & { readonly requestId: string }> {
    const envelope = await this.envelopes.next();
    if (envelope.type !== 'request') throw new Error(`Expected a request, got ${JSON.stringify(envelope)}`);
    const { requestId } = envelope;
    if (requestId === undefined) throw new Error('Expected a request id.');
    return { ...envelope, requestId };
  }

  respond(requestId: string, data: unknown, more = false): void {
    this.send({ type: 'response', form: 'wsc', requestId, data, ...(more && { more }), traceId: 't', timestamp: 1 });
  }

  /** Answers the next request, and hands it over. */
  async answer(data: unknown): Promise<RequestEnvelope> {
    const request = await this.request();
    this.respond(request.requestId, data);
    return request;
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason);
  }

  /** Cuts the connection without a close frame. */
  cut(): void {
    this.#socket.terminate();
  }

  #receive(data: Buffer): void {
    const envelope = jsonCodec.decode(data, defaultDecodeLimits);
    if (envelope.type === 'request' && envelope.event === 'resume' && this.refusesResume) {
      this.respond(envelope.requestId ?? '', { resumed: false, reason: 'disabled', rooms: {} });
      return;
    }
    if (envelope.type !== 'ping') {
      this.envelopes.push(envelope);
      return;
    }
    this.pingCount += 1;
    if (this.answersPings) this.send({ type: 'pong', timestamp: 1 });
  }
}
