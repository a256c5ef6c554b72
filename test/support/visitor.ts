import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { WscClient } from '@nest-wsc/client';
import { logIn } from './gateway-api.js';
import { until } from './until.js';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
// A shared machine may take its time; a person would, too.
export const patienceMs = 15_000;

/**
 * The Chromium of this machine.
 * @throws {Error} where there is none
 */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH'] ?? '';
  if (executablePath === '') throw new Error('No Chromium was found: install chromium or set CHROMIUM_PATH.');
  return chromium.launch({ executablePath, args: flags });
}

/** Somebody who talks from a program, with the same client library as the page. */
export async function callIn(url: string, userId: string): Promise<WscClient> {
  const client = new WscClient({ url: `${url}/ws`, token: await logIn(url, userId) });
  await client.connect();
  await client.joinRoom('chat:lobby');
  return client;
}

/** Somebody in front of the page, in a browser profile of their own. */
export class Visitor {
  readonly page: Page;
  /** What the browser complained about: refused by the policy, thrown, not found. */
  readonly complaints: string[];

  private constructor(page: Page, complaints: string[]) {
    this.page = page;
    this.complaints = complaints;
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error') complaints.push(line.text());
    });
    await page.goto(url);
    return new Visitor(page, complaints);
  }

  /** By keyboard alone. */
  async logIn(name: string, userType: 'Customer' | 'Agent' | 'Admin' = 'Customer'): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    await this.page.keyboard.press('Tab');
    const steps = { Customer: 0, Agent: 1, Admin: 2 }[userType];
    for (let step = 0; step < steps; step += 1) await this.page.keyboard.press('ArrowRight');
    await this.page.keyboard.press('Enter');
    await this.status('Connected').waitFor();
  }

  status(text: string): Locator {
    return this.page.getByTestId('status').getByText(text);
  }

  /** Presses "Try now" instead of waiting for the next attempt, until there is a connection. */
  async tryNow(): Promise<void> {
    const button = this.page.getByRole('button', { name: 'Try now' });
    const press = async (): Promise<boolean> => {
      await button.evaluateAll((buttons) => {
        for (const one of buttons) if (one instanceof HTMLElement) one.click();
      });
      return this.status('Connected').isVisible();
    };
    await until(press, (isConnected) => isConnected, { patienceMs, everyMs: 100 });
  }

  person(name: string): Locator {
    return this.page.getByTestId('people').getByRole('button', { name });
  }

  room(name: string): Locator {
    return this.page.getByTestId('rooms').getByRole('button', { name });
  }

  said(text: string): Locator {
    return this.page.getByTestId('entries').getByText(text, { exact: true });
  }

  toast(text: string): Locator {
    return this.page.getByTestId('toasts').getByText(text);
  }

  /** A toast has come, and stands still as all others do. */
  async toastStands(text: string): Promise<void> {
    await this.toast(text).waitFor();
    await this.page
      .locator('.toast')
      .evaluateAll((toasts) =>
        Promise.all(toasts.flatMap((toast) => toast.getAnimations()).map(({ finished }) => finished)),
      );
  }

  /** Joins a room, and sees it. */
  async enter(room: string): Promise<void> {
    await this.page.getByLabel('Room to join or create').fill(room);
    await this.page.keyboard.press('Enter');
    await this.page.getByRole('heading', { name: room }).waitFor();
  }

  /** What stands in the conversation that is shown, oldest first. */
  bubbles(): Promise<readonly string[]> {
    return this.page.getByTestId('entries').locator('.bubble').allTextContents();
  }

  /** What the page says of what was missed. */
  caughtUp(text: string): Locator {
    return this.page.getByTestId('catch-up').getByText(text, { exact: true });
  }

  async say(text: string): Promise<void> {
    await this.page.getByRole('textbox', { name: /^Message to/ }).fill(text);
    await this.page.keyboard.press('Enter');
  }
}
