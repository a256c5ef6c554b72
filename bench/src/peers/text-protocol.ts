import { pace, publish, type PaceCommand, type PublishCommand } from './workload.js';

/** What a bare server does with a message of the benchmark, in whatever library it is written. */
export interface BareActions {
  join(room: string): void;
  reply(text: string): void;
  /** Runs the publishing where the library likes it best. */
  schedule(publishing: () => void): void;
  sendToRoom(room: string, text: string): void;
}

type Message =
  | { readonly event: 'join'; readonly data: string }
  | { readonly event: 'publish'; readonly data: PublishCommand }
  | { readonly event: 'pace'; readonly data: PaceCommand }
  | { readonly event: 'echo'; readonly data: unknown };

/** Handles `{event,data}` as a hand-written server would: one switch, one reply. */
export function handleText(text: string, actions: BareActions): void {
  const message: Message = JSON.parse(text);
  const send = (room: string) => (data: string) => {
    actions.sendToRoom(room, JSON.stringify({ event: 'message', data }));
  };
  const reply = (data: unknown): void => actions.reply(JSON.stringify({ event: message.event, data }));
  switch (message.event) {
    case 'join':
      actions.join(message.data);
      reply(message.data);
      return;
    case 'publish':
      actions.schedule(() => reply(publish(message.data, send(message.data.room))));
      return;
    case 'pace':
      void pace(message.data, send(message.data.room)).then(reply);
      return;
    case 'echo':
      reply(message.data);
      return;
  }
}
