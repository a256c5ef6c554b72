import { fetchStats } from './http-api.js';
import { isStaff } from './session.js';
import type { AppState } from './state.js';
import type { Store } from './store.js';

const intervalMs = 2_000;

/**
 * Keeps the numbers of the admin corner fresh while somebody may see them. Begins with each connection, so that the first
 * numbers count it, and rests while there is none: the gateway is away then, or takes this token no more.
 */
export function watchStats(store: Store<AppState>): void {
  let timer: ReturnType<typeof setInterval> | undefined;
  store.subscribe(({ session, connection }) => {
    const isWanted = session !== undefined && isStaff(session) && connection.state === 'open';
    if (isWanted === (timer !== undefined)) return;
    clearInterval(timer);
    timer = isWanted ? setInterval(() => void refresh(store), intervalMs) : undefined;
    if (isWanted) void refresh(store);
  });
}

async function refresh(store: Store<AppState>): Promise<void> {
  const { session } = store.state;
  if (session === undefined || document.hidden) return;
  // Numbers that can't be had now come with the next look.
  const stats = await fetchStats(session.token).catch(() => undefined);
  if (stats !== undefined) store.update((state) => ({ ...state, stats }));
}
