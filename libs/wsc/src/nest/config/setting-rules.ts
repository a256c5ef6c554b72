import { serverCodecs } from '@nest-wsc/protocol';
import { applyDecorators } from '@nestjs/common';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Max, Min, ValidateBy } from 'class-validator';
import { showValue } from './show-value.js';

/** The longest delay of a timer, and more than any count here needs. */
const maxWholeNumber = 2_147_483_647;
const maxListLength = 1_000;

/** Each rule gives one text for all its constraints: what is expected, as it stands in an error after "expected". */
export function Flag(): PropertyDecorator {
  return IsBoolean({ message: 'true or false' });
}

/** A whole number; 0 turns most limits off. */
export function WholeNumber({ min = 0, max = maxWholeNumber } = {}): PropertyDecorator {
  const message = `a whole number from ${min} to ${max}`;
  return applyDecorators(IsInt({ message }), Min(min, { message }), Max(max, { message }));
}

/** One of fixed words. */
export function OneOf(words: readonly string[]): PropertyDecorator {
  return IsIn(words, { message: `one of ${words.join(', ')}` });
}

/** The subprotocol of a codec. */
export function Subprotocol(): PropertyDecorator {
  return OneOf([...serverCodecs.keys()]);
}

/** Text that `isGood` accepts. */
export function Text(expected: string, isGood: (text: string) => boolean = isNotEmpty): PropertyDecorator {
  return applyDecorators(
    IsString({ message: expected }),
    ValidateBy({
      name: 'text',
      validator: { validate: (value) => typeof value === 'string' && isGood(value), defaultMessage: () => expected },
    }),
  );
}

/** A list of texts that `isGood` accepts each. The message names the entries that are wrong. */
export function ListOf(expected: string, isGood: (text: string) => boolean = isNotEmpty): PropertyDecorator {
  const isGoodEntry = (entry: unknown): boolean => typeof entry === 'string' && isGood(entry);
  return ValidateBy({
    name: 'list',
    validator: {
      validate: (value) => Array.isArray(value) && value.length <= maxListLength && value.every(isGoodEntry),
      defaultMessage: (args) => {
        const value: unknown = args?.value;
        const wrong = Array.isArray(value) ? value.filter((entry) => !isGoodEntry(entry)) : [];
        const named = wrong.slice(0, 3).map((entry) => showValue(entry));
        return `a list of ${expected}${named.length > 0 ? ` (wrong: ${named.join(', ')})` : ''}`;
      },
    },
  });
}

/** Undefined is fine: there is no default. */
export function Absentable(): PropertyDecorator {
  return IsOptional();
}

/** Turns "throws when it is wrong" into a question. */
export function parses(parse: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      parse(text);
      return true;
    } catch {
      return false;
    }
  };
}

function isNotEmpty(text: string): boolean {
  return text !== '';
}
