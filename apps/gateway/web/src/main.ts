import { render } from 'lit-html';
import { Actions } from './actions.js';
import { unreadCount } from './conversations.js';
import { loadSession } from './session.js';
import { type AppState, initialState } from './state.js';
import { watchStats } from './stats-watch.js';
import { Store } from './store.js';
import { appView } from './views/app-view.js';

const root = document.querySelector<HTMLElement>('#app');
if (root === null) throw new Error('The page has no #app.');

const store = new Store<AppState>(initialState);
const actions = new Actions(store);

function show(state: AppState): void {
  if (root === null) return;
  render(appView(state, actions), root);
  const unread = unreadCount(state);
  document.title = unread === 0 ? 'nest-wsc demo' : `(${String(unread)}) nest-wsc demo`;
}

store.subscribe(show);
watchStats(store);
show(store.state);

const session = loadSession();
if (session !== undefined) void actions.resume(session);
