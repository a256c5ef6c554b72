import { createServer, type Server } from 'node:http';
import type { Connection } from '../../../core/connections/connection.js';
import type { Timer } from '../../../core/ports/clock.js';
import { defaultHubOptions } from '../../../core/hub-options.js';
import { Hub } from '../../../core/hub.js';
import { withResolver } from '../../../core/async/with-resolver.js';
import { MemoryBroker } from '../../../stores/memory/memory-broker.js';
import { MemoryCluster } from '../../../stores/memory/memory-cluster.js';
import { MemoryPresence } from '../../../stores/memory/memory-presence.js';
import { MemoryInbox } from '../../../stores/memory/memory-inbox.js';
import { MemorySessions } from '../../../stores/memory/memory-sessions.js';
import { MemoryStreams } from '../../../stores/memory/memory-streams.js';
import { SystemClock } from '../../../system/system-clock.js';
import { MemoryLogger } from '../../../testing/memory-logger.js';
import { WsTransport } from '../ws-transport.js';
import { answerText, errorText, requestEvent } from './heard.fixture.js';
import { OutboundClient } from './outbound-client.fixture.js';
import { Receiver } from './outbound-receiver.fixture.js';
import type { ConnectionPlan, Script } from './outbound-script.fixture.js';
import { fateOf, Interception } from './interception.fixture.js';

/** Nothing here is about time, and a machine may be slow: what waits for a second and more waits ten times as long. */
class PatientClock extends SystemClock {
  override after(delayMs: number, callback: () => void): Timer {
    return super.after(delayMs < 1_000 ? delayMs : 10 * delayMs, callback);
  }
}

/** A hub on a real HTTP server, with the connections of a script. */
export class OutboundStage implements AsyncDisposable {
  readonly hub: Hub;
  readonly interception: Interception;
  readonly receivers: Receiver[] = [];
  readonly logger = new MemoryLogger();
  readonly #script: Script;
  readonly #clock = new PatientClock();
  readonly #server: Server = createServer();
  readonly #transport: WsTransport;
  readonly #opened = new Map<string, (connection: Connection) => Promise<void>>();

  private constructor(script: Script) {
    this.#script = script;
    const { maxMessages, maxHighMessages, maxBytes, flushDelayMs } = script;
    const options = {
      ...defaultHubOptions,
      nodeId: 'node-1',
      limits: { ...defaultHubOptions.limits, messagesPerSecond: 0 },
      outbox: { maxMessages, maxHighMessages, maxBytes, flushDelayMs, writeTimeoutMs: 0 },
      ...{ heartbeatIntervalMs: 0, clientTimeoutMs: 0, connectTimeoutMs: 0, handshakeTimeoutMs: 0 },
    };
    const principalOf = (userId: string) => ({ userId, claims: {} });
    const broker = new MemoryBroker();
    this.hub = new Hub(options, {
      ...{ clock: this.#clock, logger: this.logger, broker, presence: new MemoryPresence() },
      streams: new MemoryStreams({ clock: this.#clock, broker }),
      inbox: new MemoryInbox({ clock: this.#clock, broker }),
      sessions: new MemorySessions({ clock: this.#clock }),
      cluster: new MemoryCluster({ nodeId: options.nodeId, instanceId: options.nodeId, startedAt: 0 }),
      authenticator: { authenticate: ({ token = '' }) => principalOf(token), verify: principalOf },
    });
    this.interception = new Interception(this.hub);
    this.hub.paths.add({ pattern: '/ws' });
    this.hub.hooks.onConnect((connection) => this.#opened.get(connection.deviceId)?.(connection));
    this.hub.handle(requestEvent, (data, { connection, requestId }) => this.#answer(connection, requestId, data));
    this.#transport = new WsTransport({
      ...{ hub: this.hub, logger: this.logger, compression: true },
      maxPayload: () => options.limits.maxMessageBytes,
    });
    this.#transport.attach(this.#server);
  }

  static async start(script: Script): Promise<OutboundStage> {
    const stage = new OutboundStage(script);
    await stage.hub.start();
    await new Promise<void>((resolve) => stage.#server.listen(0, '127.0.0.1', resolve));
    return stage;
  }

  /** Opens the connections of the script. @throws {Error} where one is refused, or breaks before `welcome`. */
  async connect(): Promise<void> {
    for (const plan of this.#script.connections) await this.#connect(plan);
  }

  /** Settles once everything has left that was sent before, where the links take it. */
  async turn(): Promise<void> {
    const { flushDelayMs } = this.#script;
    await new Promise<void>((resolve) => {
      if (flushDelayMs > 0) this.#clock.after(flushDelayMs, resolve);
      else this.#clock.nextTurn(resolve);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, welcome } of this.receivers) {
      welcome();
      client.destroy();
    }
    await this.hub.close();
    await this.#transport.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #connect(plan: ConnectionPlan): Promise<void> {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server does not listen.');
    const deviceId = `device-${this.receivers.length}`;
    const connecting = withResolver<Connection>();
    const held = withResolver<undefined>();
    this.#opened.set(deviceId, async (connection) => {
      connecting.resolve(connection);
      await held.promise;
    });
    const { userId, dialect, mayCompress } = plan;
    const client = await OutboundClient.connect({ port: address.port, deviceId, userId, dialect, mayCompress });
    const connection = await connecting.promise;
    const welcome = (): void => held.resolve(undefined);
    const receiver = new Receiver({ plan, client, connection, welcome, script: this.#script });
    this.receivers.push(receiver);
    for (const room of plan.rooms) {
      await connection.join(room);
      receiver.rooms.add(room);
    }
    if (plan.isHeld) return;
    welcome();
    await client.hears(({ kind }) => kind === 'welcome');
  }

  /** Answers with the data that was sent, at once or after a turn. */
  #answer(connection: Connection, requestId: string | undefined, data: unknown): unknown {
    const receiver = this.receivers.find((each) => each.connection === connection);
    const serial = Number(requestId?.slice(requestId.lastIndexOf('-') + 1));
    const finish = (): unknown => {
      const passed = this.interception.passed(data);
      const text = passed === undefined ? errorText('WSC_FORBIDDEN') : answerText(passed);
      if (!connection.isClosed) receiver?.answered(serial, text);
      return data;
    };
    if (!fateOf(data).isSlow) return finish();
    return new Promise((resolve) => this.#clock.nextTurn(() => resolve(finish())));
  }
}
