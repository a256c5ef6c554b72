import { validateWith, type StandardSchemaV1 } from '../extensions/standard-schema.js';
import type { MessageHandler } from './route-table.js';

/** The handler, which gets what the schema makes of the data, or is not called. */
export function validated(schema: StandardSchemaV1, handler: MessageHandler): MessageHandler {
  return (data, context) => {
    const valid = validateWith(schema, data);
    return valid instanceof Promise ? valid.then((value: unknown) => handler(value, context)) : handler(valid, context);
  };
}
