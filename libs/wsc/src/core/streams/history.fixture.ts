import { WscError } from '@nest-wsc/protocol';
import { MemoryBroker } from '../../stores/memory/memory-broker.js';
import { MemoryStreams } from '../../stores/memory/memory-streams.js';
import { TestHub, type TestClient, type TestHubOptions } from '../../testing/test-hub.js';
import { FakeClock } from '../../testing/fake-clock.js';
import type { BrokerMessage, DeliveryCount } from '../ports/broker.js';
import type {
  StreamPosition,
  StreamRead,
  StreamReadLimit,
  Streams,
  StreamWrite,
  StreamWriteResult,
} from '../ports/streams.js';
import type { HistoryOptions } from './history-options.js';

/** A broker that loses messages when it is told to, as pub/sub does. */
class LossyBroker extends MemoryBroker {
  isLossy = false;

  override publish(message: BrokerMessage): DeliveryCount {
    return this.isLossy ? { queued: 0, dropped: 0 } : super.publish(message);
  }
}

/** A store that fails when it is told to. */
export class BreakableStreams extends MemoryStreams {
  isBroken = false;

  override append(room: string, write: StreamWrite): StreamWriteResult {
    this.#mustWork();
    return super.append(room, write);
  }

  override read(room: string, since: StreamPosition, limit: StreamReadLimit): StreamRead {
    this.#mustWork();
    return super.read(room, since, limit);
  }

  override tops(rooms: readonly string[]): readonly StreamPosition[] {
    this.#mustWork();
    return super.tops(rooms);
  }

  #mustWork(): void {
    if (this.isBroken) throw new WscError('WSC_UNAVAILABLE', { message: 'The store is down.' });
  }
}

/** What a hub with history may be given. */
export interface HistoryHubOptions extends Pick<TestHubOptions, 'outbox'> {
  /** The store of another hub. */
  readonly streams?: BreakableStreams;
  /** What the hub has instead of its streams. */
  readonly wrap?: (streams: BreakableStreams) => Streams;
}

const limits = { maxMessages: 1_000, timeToLiveMs: 300_000 };

/** A hub whose namespace `chat` has history, over a broker that may lose messages. */
export async function startHistoryHub(history: boolean | HistoryOptions = true, options: HistoryHubOptions = {}) {
  const broker = new LossyBroker();
  // A clock of its own: time goes by for what is kept without the hub's timers.
  const storeClock = new FakeClock();
  const streams = options.streams ?? new BreakableStreams({ clock: storeClock, broker });
  const { outbox, wrap } = options;
  const dependencies = { broker, streams: wrap?.(streams) ?? streams };
  const test = await TestHub.start({ dependencies, ...(outbox && { outbox }) });
  test.hub.namespaces.define('chat', { joinable: true, history });
  let count = 0;
  return {
    ...{ test, hub: test.hub, broker, streams, storeClock },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
    send: (data: unknown, room = 'chat:1') => test.hub.sendToRoom(room, { event: 'said', data }),
    /** As another node does: this one hears of it by the broker alone. */
    writeElsewhere: (data: unknown, room = 'chat:1') => {
      const message = {
        id: `m${String((count += 1))}`,
        event: 'said',
        data,
        room,
        priority: 'normal',
        timestamp: 1,
      } as const;
      return streams.append(room, { message, limits });
    },
  };
}

/** What a client has heard in rooms: data and place, and where it says so the place before. */
export function heardBy({ messages }: TestClient): unknown[] {
  return messages.map(({ data, offset, prevOffset }) =>
    prevOffset === undefined ? [data, offset] : [data, offset, prevOffset],
  );
}

/** The data of an answer, or its error. */
export async function ask(client: TestClient, event: string, data: unknown): Promise<unknown> {
  const answer = await client.request(event, data);
  if (answer?.type === 'response') return answer.data;
  return answer?.type === 'error' ? answer.error : answer;
}
