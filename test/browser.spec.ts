import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import type { WscClient } from '@nest-wsc/client';
import { callApi, logIn } from './support/gateway-api.js';
import { GatewayProcess } from './support/gateway-process.js';
import { callIn, launchBrowser, patienceMs, Visitor } from './support/visitor.js';

const imagesFolder = join(__dirname, '../docs/images');
jest.setTimeout(3 * patienceMs);

/** Writes the pictures of the README where `UPDATE_SCREENSHOTS` asks for it: they show the time, so each run has its own. */
async function takePicture(page: Page, name: string): Promise<void> {
  const isAsked = (process.env['UPDATE_SCREENSHOTS'] ?? '') !== '';
  await page.screenshot({ animations: 'allow', ...(isAsked && { path: join(imagesFolder, name) }) });
}

async function expectInView(locator: Locator): Promise<void> {
  const { x, width } = (await locator.boundingBox()) ?? { x: NaN, width: NaN };
  expect(x).toBeGreaterThanOrEqual(0);
  expect(x + width).toBeLessThanOrEqual(locator.page().viewportSize()?.width ?? 0);
}

describe('the demo page in a browser', () => {
  let browser: Browser;
  let gateway: GatewayProcess;
  let ada: Visitor;
  let grace: Visitor;
  const closings: (() => unknown)[] = [];

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    closings.push(() => gateway.stop('SIGKILL'));
    browser = await launchBrowser();
    closings.push(() => browser.close());
    ada = await Visitor.open(browser, gateway.url);
    grace = await Visitor.open(browser, gateway.url);
    await ada.logIn('ada');
    await grace.logIn('grace', 'Admin');
  }, 60_000);

  // Of what could be started: the rest of a set-up that failed would outlive the tests.
  afterAll(async () => {
    for (const close of closings.splice(0).reverse()) await close();
  });

  it('shows two people each other, and lets them talk', async () => {
    await ada.person('grace').waitFor();
    await grace.person('ada').waitFor();

    await ada.say('Hello, is anybody here?');
    await grace.said('Hello, is anybody here?').waitFor();
    await grace.say('I am.');
    await ada.said('I am.').waitFor();
  });

  it('shows markup as text', async () => {
    const markup = '<img src="x" onerror="alert(1)"><b>bold</b>';
    await ada.say(markup);
    await grace.said(markup).waitFor();
    expect(await grace.page.locator('.bubble img, .bubble b').count()).toBe(0);
  });

  it('brings a private message to nobody else, and counts it until it is read', async () => {
    await grace.person('ada').click();
    await grace.say('Just between us.');
    await ada.person('grace').getByLabel('1 unread').waitFor();
    await ada.toast('Just between us.').waitFor();
    expect(await ada.page.title()).toBe('(1) nest-wsc demo');
    await ada.page.getByTestId('toasts').getByRole('button', { name: 'Read' }).press('Enter');
    await ada.said('Just between us.').waitFor();
    expect(await ada.toast('Just between us.').count()).toBe(0);
    expect(await grace.toast('Just between us.').count()).toBe(0);
    expect(await ada.page.title()).toBe('nest-wsc demo');
    await ada.room('lobby').click();
    expect(await ada.said('Just between us.').count()).toBe(0);
  });

  it('lets people make a room, meet in it and leave it', async () => {
    await ada.page.getByLabel('Room to join or create').fill('garden');
    await ada.page.keyboard.press('Enter');
    await ada.page.getByRole('heading', { name: 'garden' }).waitFor();
    await grace.page.getByLabel('Room to join or create').fill('garden');
    await grace.page.keyboard.press('Enter');
    await ada.page.getByTestId('entries').getByText('grace joined').waitFor();
    await ada.page.getByText('2 people here').waitFor();
    await grace.say('Roses!');
    await ada.said('Roses!').waitFor();
    await grace.page.getByRole('button', { name: 'Leave' }).click();
    await ada.page.getByTestId('entries').getByText('grace left').waitFor();
    expect(await grace.room('garden').count()).toBe(0);
    await ada.room('lobby').click();
    await grace.room('lobby').click();
  });

  it('lets one write at once, and shows the same conversation after a reload', async () => {
    await ada.room('garden').press('Enter');
    await ada.page.keyboard.type('Typed without a click.');
    await ada.page.keyboard.press('Enter');
    await ada.said('Typed without a click.').waitFor();

    await ada.page.reload();
    await ada.page.getByRole('heading', { name: 'garden' }).waitFor();
    await ada.page.getByTestId('earlier').getByText('Typed without a click.').waitFor();
    await ada.status('Connected').waitFor();
    await ada.page.keyboard.type('Here again.');
    await ada.page.keyboard.press('Enter');
    await ada.said('Here again.').waitFor();
    await ada.page.getByTestId('people').getByRole('button', { name: 'grace' }).press('Enter');
    await ada.page.reload();
    await ada.page.getByRole('heading', { name: 'grace' }).waitFor();
    await ada.page.getByText('Earlier messages are not kept.').waitFor();
    await ada.room('lobby').click();
  });

  it('shows a notification that a service posts over HTTP, to whom it is for', async () => {
    const token = await logIn(gateway.url, 'billing', 'agent');
    const body = { title: 'Shipped', body: 'Order 17 is on its way.', icon: '📦', link: '/docs' };
    expect((await callApi(gateway.url, '/api/users/ada/notifications', { token, body })).status).toBe(202);
    await ada.toast('Order 17 is on its way.').waitFor();
    expect(await grace.toast('Order 17 is on its way.').count()).toBe(0);
    await ada.page.getByTestId('toasts').getByRole('button', { name: 'Dismiss' }).press('Escape');
    await ada.toast('Order 17 is on its way.').waitFor({ state: 'detached' });
  });

  it('lets an admin notify somebody and tell everybody, and shows the numbers', async () => {
    const notify = grace.page.getByTestId('notify-form');
    await notify.getByLabel('User').fill('ada');
    await notify.getByLabel('Title').fill('Coffee');
    await notify.getByLabel('Text').fill('It is ready.');
    await notify.getByRole('button').click();
    await ada.toast('It is ready.').waitFor();
    await notify.getByText('Sent to 1 connection.').waitFor();
    await notify.getByLabel('User').fill('nobody');
    await notify.getByRole('button').click();
    await notify.getByText('nobody is not online; not delivered.').waitFor();

    const broadcast = grace.page.getByTestId('broadcast-form');
    await broadcast.getByLabel('Text').fill('Maintenance tonight at 22:00.');
    await broadcast.getByRole('button').click();
    await ada.toast('Maintenance tonight at 22:00.').waitFor();
    await grace.toast('Maintenance tonight at 22:00.').waitFor();
    await grace.page.getByTestId('stats').getByText('Connections').waitFor();
    expect(await ada.page.getByTestId('notify-form').count()).toBe(0);
  });

  it('stays under a strict policy without one complaint', () => {
    expect([...ada.complaints, ...grace.complaints]).toEqual([]);
  });

  it('is usable on a phone, one pane at a time', async () => {
    const linus = await Visitor.open(browser, gateway.url, {
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
    });
    await linus.logIn('linus');
    expect(await linus.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await linus.page.getByRole('button', { name: 'Back to rooms and people' }).click();
    await linus.enter('a-room-whose-name-is-longer-than-a-phone-is-wide');
    await linus.page.getByRole('button', { name: 'Back to rooms and people' }).click();
    await expectInView(linus.page.getByRole('button', { name: 'Join room' }));
    await linus.person('ada').click();
    await linus.say('From my phone.');
    await ada.person('linus').click();
    await ada.said('From my phone.').waitFor();
    await ada.room('lobby').click();
    await linus.page.getByRole('button', { name: 'Log out' }).click();
    await linus.page.getByLabel('Your name').waitFor();
    await linus.page.context().close();
    await ada.page.getByTestId('entries').getByText('linus is offline').waitFor();
  });

  it('comes back by itself when its server is gone for a while, and goes on', async () => {
    const { port } = gateway;
    const phone = await Visitor.open(browser, gateway.url, { viewport: { width: 360, height: 740 } });
    await phone.logIn('linus', 'Admin');
    await gateway.stop('SIGKILL');
    await phone.status('Reconnecting').waitFor();
    await expectInView(phone.page.getByRole('button', { name: 'Log out' }));
    await expectInView(phone.page.getByRole('button', { name: 'Admin corner' }));
    expect(await phone.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    await phone.page.context().close();
    await ada.status('Reconnecting').waitFor();
    await ada.page.getByText('The connection is lost.').waitFor();
    await ada.say('Said while you were away.');
    await ada.page.getByText('waiting …').waitFor();

    gateway = await GatewayProcess.start({ PORT: port });
    // The longer it took to start, the longer the next attempt may be away.
    await ada.tryNow();
    await grace.tryNow();
    await ada.page.getByText('waiting …').waitFor({ state: 'detached' });
    await ada.person('grace').waitFor();

    await grace.say('Back again.');
    await ada.said('Back again.').waitFor();
    await ada.say('So am I.');
    await grace.said('So am I.').waitFor();
  }, 60_000);

  it('says why when it was put out, and comes back when asked to', async () => {
    const token = await logIn(gateway.url, 'moderator', 'admin');
    await callApi(gateway.url, '/api/users/ada/connections', { token, method: 'DELETE' });
    await ada.status('Disconnected').waitFor();
    await ada.page.getByText(/kicked/).waitFor();
    await ada.page.getByRole('button', { name: 'Connect again' }).click();
    await ada.status('Connected').waitFor();
    await ada.say('I behave now.');
    await grace.said('I behave now.').waitFor();
  });

  it('is worth a picture', async () => {
    await using fresh = await GatewayProcess.start();
    const page = await Visitor.open(browser, fresh.url);
    await page.logIn('ada', 'Admin');
    const phone = await Visitor.open(browser, fresh.url, {
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      colorScheme: 'dark',
    });
    await phone.logIn('grace');
    const others = await Promise.all(['linus', 'margaret', 'tim'].map((name) => callIn(fresh.url, name)));
    const [linus, margaret, tim] = others as [WscClient, WscClient, WscClient];
    await linus.sendToRoom('chat:lobby', { text: 'Morning! Is the new gateway up?' });
    await page.said('Morning! Is the new gateway up?').waitFor();
    await page.say('It is: HTTP and WebSocket on one port, with the same guards and pipes.');
    await phone.said('It is: HTTP and WebSocket on one port, with the same guards and pipes.').waitFor();
    await phone.say('I pulled the plug for a minute. It came back by itself, and what I had written went out.');
    await page
      .said('I pulled the plug for a minute. It came back by itself, and what I had written went out.')
      .waitFor();
    await margaret.sendToRoom('chat:lobby', { text: 'Same on my phone. Who sends the notifications?' });
    await page.said('Same on my phone. Who sends the notifications?').waitFor();
    await page.say('Any service that can speak HTTP. Try the corner on the right.');
    await tim.sendToUser('ada', { text: 'Lunch?' });
    await page.page.getByTestId('stats').getByText('5').first().waitFor();
    const token = await logIn(fresh.url, 'billing', 'agent');
    const body = { title: 'Invoice paid', body: 'Order 4711 can be shipped.' };
    await Promise.all(
      ['ada', 'grace'].map((user) => callApi(fresh.url, `/api/users/${user}/notifications`, { token, body })),
    );
    for (const visitor of [page, phone]) await visitor.toastStands('Invoice paid');
    await page.person('tim').getByLabel('1 unread').waitFor();
    await takePicture(page.page, 'demo.png');
    await takePicture(phone.page, 'demo-phone.png');
    await Promise.all(others.map((client) => client.close()));
  });
});
