import { WscModule } from '@nest-wsc/wsc';
import { startApp, type AppOptions, type RunningApp } from './apps.js';
import { WscClient } from './wsc-client.js';

/** An application with one client at `/ws`. */
export interface ConnectedApp extends RunningApp {
  readonly client: WscClient;
}

/** Starts an application with `WscModule` and connects one client. */
export async function startConnected(options: AppOptions): Promise<ConnectedApp> {
  const running = await startApp({ ...options, imports: [WscModule.forRoot(), ...(options.imports ?? [])] });
  return { ...running, client: await WscClient.connect(`${running.url}/ws`) };
}
