import { ValidateBy } from 'class-validator';
import { isName, isUserId } from '@nest-wsc/protocol';

/** A room, event or other name of PROTOCOL.md §5. */
export const IsWscName = (): PropertyDecorator =>
  ValidateBy({
    name: 'isWscName',
    validator: {
      validate: isName,
      defaultMessage: (args) => `${args?.property ?? 'value'} must be 1 to 128 characters of A-Z a-z 0-9 _ . : -`,
    },
  });

/** A user id of PROTOCOL.md §5. */
export const IsWscUserId = (): PropertyDecorator =>
  ValidateBy({
    name: 'isWscUserId',
    validator: {
      validate: isUserId,
      defaultMessage: (args) => `${args?.property ?? 'value'} must be 1 to 128 printable characters without spaces`,
    },
  });
