import { closeCodes } from '@nest-wsc/protocol';
import type { Receiver } from './outbound-receiver.fixture.js';
import type { ClientOperation, Operation, Script } from './outbound-script.fixture.js';
import { OutboundSends } from './outbound-sends.fixture.js';
import { OutboundStage } from './outbound-stage.fixture.js';

/** More than what the kernel takes for a client that reads nothing, often; several are tried. */
const plugBytes = 6 * 1024 * 1024;
const maxPlugs = 10;
const probeBytes = 20;
const frameHeaderBytes = 2;
const patienceMs = 5_000;

/** Plays a script on a stage of its own and answers what was wrong, per connection; empty: nothing. */
export async function play(script: Script): Promise<readonly string[]> {
  await using stage = await OutboundStage.start(script);
  await stage.connect();
  return await new OutboundPlay(stage, script).run();
}

class OutboundPlay {
  readonly #stage: OutboundStage;
  readonly #script: Script;
  readonly #sends: OutboundSends;
  #pingCount = 0;

  constructor(stage: OutboundStage, script: Script) {
    this.#stage = stage;
    this.#script = script;
    this.#sends = new OutboundSends(stage);
  }

  async run(): Promise<readonly string[]> {
    const { receivers, logger } = this.#stage;
    for (const operations of this.#script.turns) {
      for (const operation of operations) {
        await this.#perform(operation);
        for (const receiver of receivers) receiver.checkBudget();
      }
      await this.#turn();
    }
    return [
      ...(this.#script.isSettled ? await this.#settle() : []),
      ...(await this.#end()),
      ...(await this.#sends.faults()),
      ...receivers.flatMap(({ faults }, index) => faults.map((fault) => `connection ${index}: ${fault}`)),
      ...logger.messages('error'),
    ];
  }

  async #turn(): Promise<void> {
    await this.#stage.turn();
    for (const receiver of this.#stage.receivers) receiver.turnEnded();
  }

  async #perform(operation: Operation): Promise<void> {
    if (operation.kind === 'intercept') {
      this.#stage.interception.switch(operation.isOn);
      return;
    }
    const { receivers } = this.#stage;
    const who = receivers[operation.who % receivers.length];
    if (who === undefined) return;
    const isClientThere = who.clientEnd === undefined;
    switch (operation.kind) {
      case 'send':
        this.#sends.send(operation, who);
        break;
      case 'join':
      case 'leave':
        await move(who, operation.kind, operation.room);
        break;
      case 'welcome':
        who.welcome();
        break;
      case 'close':
        this.#close(who);
        break;
      case 'request':
        if (isClientThere) this.#sends.request(operation, who);
        break;
      case 'client':
        if (isClientThere) await this.#performAsClient(operation.does, who);
    }
  }

  async #performAsClient(does: ClientOperation['does'], who: Receiver): Promise<void> {
    switch (does) {
      case 'ping':
        this.#ping(who);
        break;
      case 'ping envelope':
        who.pingWithEnvelope();
        break;
      case 'pause':
        who.pause();
        break;
      case 'resume':
        who.resume();
        break;
      case 'stall':
        await this.#stall(who);
        break;
      case 'flood':
        this.#flood(who);
        break;
      case 'close':
      case 'end':
      case 'reset':
        who.endAsClient(does);
    }
  }

  #close(who: Receiver): void {
    if (who.connection.isClosed) return;
    who.closing(closeCodes.kicked.code);
    who.connection.close('kicked');
  }

  /** Three at once, of which the last is surely answered. */
  #ping(who: Receiver): string {
    const payloads = Array.from({ length: 3 }, () => `ping-${++this.#pingCount}`);
    for (const payload of payloads) who.log.pinged(payload);
    who.client.ping(payloads);
    return `ping-${this.#pingCount}`;
  }

  /** Writes to a client that does not read until a small message stays in the outbox: then its link takes nothing. */
  async #stall(who: Receiver): Promise<void> {
    const { connection } = who;
    if (connection.state !== 'open' || who.isStalled) return;
    who.pause();
    for (let plugs = 0; plugs < maxPlugs && !connection.isClosed; plugs += 1) {
      this.#sends.sendRaw(who, plugBytes);
      await this.#turn();
      this.#sends.sendRaw(who, probeBytes);
      await this.#turn();
      if (connection.queuedBytes === 0) continue;
      // Where an answer has come in between, nobody knows how much of what waits counts.
      if (connection.queuedBytes === frameHeaderBytes + probeBytes) who.stalled(1);
      return;
    }
  }

  #flood(who: Receiver): void {
    if (who.connection.state !== 'open' || who.isStalled) return;
    who.pause();
    // The first makes the flush wait for the end of the turn, the second does not wait for it.
    this.#sends.sendRaw(who, probeBytes);
    this.#sends.sendRaw(who, plugBytes);
  }

  /** Everybody reads to the end: both lanes, every answer and a pong. Answers whom that was not given. */
  async #settle(): Promise<readonly string[]> {
    const { receivers } = this.#stage;
    for (const receiver of receivers) {
      receiver.welcome();
      if (receiver.clientEnd !== 'reset') receiver.resume();
    }
    return this.#waitInVain(async (receiver) => {
      try {
        if (receiver.clientEnd === undefined) await this.#settleOne(receiver);
      } catch (error) {
        // One that was closed by the script or given up as a slow consumer hears no more.
        if (!receiver.connection.isClosed) throw error;
      }
    });
  }

  /** Waits for all at once and answers for whom in vain. */
  async #waitInVain(wait: (receiver: Receiver) => Promise<void>): Promise<readonly string[]> {
    const waiting = this.#stage.receivers.map(async (receiver, index) => {
      try {
        await wait(receiver);
        return [];
      } catch (error) {
        return [`connection ${index}: ${error instanceof Error ? error.message : String(error)}`];
      }
    });
    return (await Promise.all(waiting)).flat();
  }

  async #settleOne(receiver: Receiver): Promise<void> {
    const { client, connection, log } = receiver;
    await this.#until(
      () => connection.isClosed || (connection.state === 'open' && connection.queuedBytes === 0 && log.isAnswered),
    );
    for (const lane of ['normal', 'high'] as const) {
      const marker = this.#sends.sendTo(receiver, lane);
      await client.hears((heard) => heard.kind === 'message' && heard.serial === marker);
    }
    const last = this.#ping(receiver);
    await client.hears((heard) => heard.kind === 'pong' && heard.payload === last);
  }

  async #until(isReached: () => boolean): Promise<void> {
    const startedAt = performance.now();
    while (!isReached()) {
      if (performance.now() - startedAt > patienceMs)
        throw new Error('what is queued does not leave, or a request is not answered');
      await this.#stage.turn();
    }
  }

  /** Ends every connection, whatever still waits for it, and reads to the end. Answers whose end did not come. */
  async #end(): Promise<readonly string[]> {
    const { hub, receivers } = this.#stage;
    const isDrain = this.#script.end === 'drain';
    for (const receiver of receivers) if (isDrain) receiver.draining();
    // Never fails, and whoever disposes of the stage waits for it.
    if (isDrain) void hub.drain();
    else for (const receiver of receivers) this.#close(receiver);
    for (const receiver of receivers) {
      if (receiver.clientEnd !== 'reset') receiver.resume();
      receiver.welcome();
    }
    return this.#waitInVain(({ client }) => client.gone);
  }
}

async function move(who: Receiver, how: 'join' | 'leave', room: 'a' | 'b'): Promise<void> {
  if (who.connection.isClosed) return;
  await who.connection[how](room);
  if (how === 'join') who.rooms.add(room);
  else who.rooms.delete(room);
}
