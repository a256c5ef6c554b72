import type { Browser } from 'playwright-core';
import type { WscClient } from '@nest-wsc/client';
import { callApi, logIn } from './support/gateway-api.js';
import { GatewayProcess } from './support/gateway-process.js';
import { FaultProxy } from './support/redis/fault-proxy.js';
import { startRedis } from './support/redis/redis-server.js';
import { until } from './support/until.js';
import { callIn, launchBrowser, patienceMs, Visitor } from './support/visitor.js';

jest.setTimeout(4 * patienceMs);

/** The network of one visitor. */
class Network implements AsyncDisposable {
  readonly url: string;
  readonly #proxy: FaultProxy;

  private constructor(proxy: FaultProxy) {
    this.#proxy = proxy;
    this.url = `http://${proxy.host}:${String(proxy.port)}`;
  }

  static async start(gateway: GatewayProcess): Promise<Network> {
    return new Network(await FaultProxy.start({ port: Number(gateway.port) }));
  }

  /** Takes the network away from a visitor while `work` is done. */
  async withoutIt(visitor: Visitor, work: () => Promise<void>): Promise<void> {
    const context = visitor.page.context();
    this.#proxy.cut();
    this.#proxy.reset();
    // It cuts no open WebSocket, but the browser tells the page, and later that the network is back.
    await context.setOffline(true);
    await visitor.status('Reconnecting').waitFor();
    await work();
    await this.#proxy.heal();
    await context.setOffline(false);
    await visitor.status('Connected').waitFor();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy[Symbol.asyncDispose]();
  }
}

/** A Redis that has everything again after it was killed. */
const keepsAll = { appendonly: 'yes', appendfsync: 'always' };

/** Talks to the gateway's HTTP API. */
class Operator {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  static async logIn({ url }: GatewayProcess): Promise<Operator> {
    return new Operator(url, await logIn(url, 'operator', 'admin'));
  }

  /** Says something in a room, as soon as it can be stored. */
  async say(room: string, text: string): Promise<void> {
    const request = { token: this.#token, body: { data: { text } } };
    const post = async (): Promise<number> => (await callApi(this.#url, `/api/rooms/${room}/messages`, request)).status;
    await until(post, (status) => status === 200, { patienceMs });
  }
}

describe('the demo page, of what was said while one was away', () => {
  let browser: Browser;
  let gateway: GatewayProcess;
  let network: Network;
  let ada: Visitor;
  let linus: WscClient;
  const closings: (() => unknown)[] = [];
  const tell = (text: string, room = 'chat:lobby') => linus.sendToRoom(room, { text });

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    closings.push(() => gateway.stop('SIGKILL'));
    network = await Network.start(gateway);
    closings.push(() => network[Symbol.asyncDispose]());
    browser = await launchBrowser();
    closings.push(() => browser.close());
    linus = await callIn(gateway.url, 'linus');
    closings.push(() => linus.close());
    await tell('Before you came.');
    ada = await Visitor.open(browser, network.url);
    await ada.logIn('ada');
  }, 60_000);

  // Of what could be started: the rest of a set-up that failed would outlive the tests.
  afterAll(async () => {
    for (const close of closings.splice(0).reverse()) await close();
  });

  it('shows who comes what a room keeps, as earlier messages', async () => {
    await ada.page.getByTestId('earlier').getByText('Before you came.').waitFor();
    await tell('Now that you are here.');
    await ada.said('Now that you are here.').waitFor();
    expect(await ada.page.getByTestId('earlier').locator('.bubble').allTextContents()).toEqual(['Before you came.']);
    expect(await ada.page.getByTestId('catch-up').textContent()).toMatch(/^\s*$/);
  });

  it('says how much was caught up after a reconnect, and has it once and in order, before what waited to be sent', async () => {
    await ada.say('I go into the tunnel.');
    await ada.page.getByText('✓').waitFor();
    await network.withoutIt(ada, async () => {
      await ada.say('Written in the tunnel.');
      for (const text of ['One.', 'Two.', 'Three.']) await tell(text);
    });
    await ada.caughtUp('3 messages caught up in #lobby.').waitFor();
    await ada.page.getByText('waiting …').waitFor({ state: 'detached' });
    expect(await ada.bubbles()).toEqual([
      'Before you came.',
      'Now that you are here.',
      'I go into the tunnel.',
      'One.',
      'Two.',
      'Three.',
      'Written in the tunnel.',
    ]);
    await ada.page.getByTestId('catch-up').getByRole('button', { name: 'Dismiss' }).press('Enter');
    await ada.caughtUp('3 messages caught up in #lobby.').waitFor({ state: 'detached' });
  });

  it('goes on after a reload where it was', async () => {
    const before = await ada.bubbles();
    await ada.page.goto('about:blank');
    await tell('While nobody looked.');
    await ada.page.goto(network.url);
    await ada.caughtUp('1 message caught up in #lobby.').waitFor();
    await ada.said('Before you came.').waitFor();
    expect(await ada.bubbles()).toEqual([...before, 'While nobody looked.']);
    expect(await ada.page.getByTestId('earlier').locator('.bubble').allTextContents()).toEqual(before);
  });

  it('says when one was away for too long, and shows the newest that the room still keeps', async () => {
    await ada.enter('market');
    await ada.page.getByText('Nothing said yet.').waitFor();
    await network.withoutIt(ada, async () => {
      const token = await logIn(gateway.url, 'exchange', 'agent');
      const call = (text: string) =>
        callApi(gateway.url, '/api/rooms/chat:market/messages', { token, body: { data: { text } } });
      // One more than the room keeps.
      for (let count = 0; count < 1_000; count += 50) {
        await Promise.all(Array.from({ length: 50 }, (_, index) => call(`Price ${String(count + index)}`)));
      }
      expect((await call('Closing price.')).status).toBe(200);
    });
    await ada.caughtUp('Some messages were missed in #market: away for too long.').waitFor();
    await ada.said('Closing price.').waitFor();
    await ada.said('Some messages are missing here.').waitFor();
    expect(await ada.bubbles()).toHaveLength(50);
  });

  it('says when the room has lost its past, and goes on behind what was had before', async () => {
    await ada.enter('attic');
    await ada.page.getByText('Nothing said yet.').waitFor();
    await ada.say('Dusty.');
    await ada.page.getByText('✓').waitFor();
    await network.withoutIt(ada, async () => {
      const token = await logIn(gateway.url, 'moderator', 'admin');
      await callApi(gateway.url, '/api/rooms/chat:attic', { token, method: 'DELETE' });
      await linus.joinRoom('chat:attic');
      await tell('All new here.', 'chat:attic');
    });
    await ada.caughtUp('Some messages were missed in #attic: the gateway no longer has them.').waitFor();
    await ada.said('All new here.').waitFor();
    await ada.said('Some messages are missing here.').waitFor();
    expect(await ada.bubbles()).toEqual(['Dusty.', 'All new here.']);
    await ada.room('lobby').click();
  });

  it('shows a durable notification that came while one was away, once', async () => {
    const token = await logIn(gateway.url, 'billing', 'agent');
    const notify = async (title: string): Promise<void> => {
      const body = { title, body: '', durable: true };
      expect((await callApi(gateway.url, '/api/users/ada/notifications', { token, body })).status).toBe(200);
    };
    await network.withoutIt(ada, () => notify('Shipped'));
    await ada.toast('Shipped').waitFor();
    expect(await ada.toast('Shipped').count()).toBe(1);
    await ada.page.reload();
    await ada.status('Connected').waitFor();
    await notify('Paid');
    await ada.toast('Paid').waitFor();
    // They come in order.
    expect(await ada.toast('Shipped').count()).toBe(0);
  });

  it('joins a room by itself that could not be opened when somebody came, and shows that it tries', async () => {
    await using redis = await startRedis({ config: keepsAll });
    await using stored = await GatewayProcess.start({ REDIS_URL: redis.url });
    const operator = await Operator.logIn(stored);
    await operator.say('chat:garden', 'Said before.');
    const grace = await Visitor.open(browser, stored.url);
    await grace.logIn('grace');
    await grace.page.getByText('Nothing said yet.').waitFor();
    await redis.kill();
    await grace.enter('garden');
    const joining = grace.page.getByTestId('joining');
    await joining.getByText('The gateway can’t open #garden now. Trying again (attempt 3) …').waitFor();
    await grace.room('garden').getByText('waiting').waitFor();
    await grace.page.getByText('Not open yet').waitFor();
    await redis.restart({ keepData: true });
    await grace.said('Said before.').waitFor();
    await operator.say('chat:garden', 'Said since.');
    await grace.said('Said since.').waitFor();
    expect(await joining.textContent()).toMatch(/^\s*$/);
    expect(await grace.room('garden').getByText('waiting').count()).toBe(0);
    await grace.page.context().close();
  });

  it('shows that it tries to come back into a room, and comes back', async () => {
    await using redis = await startRedis();
    await using stored = await GatewayProcess.start({ REDIS_URL: redis.url });
    await using way = await Network.start(stored);
    const operator = await Operator.logIn(stored);
    // Enough to let somebody in, but not to look into a room.
    const allowHistories = (sign: '+' | '-') => redis.ask('ACL', 'SETUSER', 'default', `${sign}xrange`);
    const grace = await Visitor.open(browser, way.url);
    await grace.logIn('grace');
    await grace.page.getByText('Nothing said yet.').waitFor();
    await way.withoutIt(grace, async () => {
      await operator.say('chat:lobby', 'Said meanwhile.');
      await allowHistories('-');
    });
    const joining = grace.page.getByTestId('joining');
    await joining.getByText('The gateway can’t open #lobby now. Trying again (attempt 2) …').waitFor();
    await allowHistories('+');
    await grace.said('Said meanwhile.').waitFor();
    await operator.say('chat:lobby', 'Said since.');
    await grace.said('Said since.').waitFor();
    expect(await joining.textContent()).toMatch(/^\s*$/);
    await grace.page.context().close();
  });

  it('says when a message could not be stored, and keeps it to be sent again', async () => {
    await using redis = await startRedis();
    await using stored = await GatewayProcess.start({ REDIS_URL: redis.url });
    const grace = await Visitor.open(browser, stored.url);
    await grace.logIn('grace');
    await grace.page.getByText('Nothing said yet.').waitFor();
    await redis.kill();
    await grace.say('Can you keep this?');
    const again = grace.page.getByRole('button', { name: 'Not stored. Try again' });
    await again.waitFor();
    await redis.restart({ keepData: false });
    await (await Operator.logIn(stored)).say('chat:probe', 'Is anybody there?');
    await again.press('Enter');
    await grace.page.getByText('✓').waitFor();
    expect(await grace.bubbles()).toEqual(['Can you keep this?']);
    await grace.page.context().close();
  });
});
