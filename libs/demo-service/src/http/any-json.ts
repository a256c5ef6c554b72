import { Allow } from 'class-validator';

const anyJsonKey = Symbol('anyJson');

function namesOf(prototype: object): readonly string[] {
  const names: unknown = Reflect.getMetadata(anyJsonKey, prototype);
  return Array.isArray(names) ? names.map(String) : [];
}

/**
 * A field of a DTO that holds any JSON and is handed on exactly as it came. class-transformer would copy it, and take its
 * `constructor`, if it has such a key, for one.
 */
export function AnyJson(): PropertyDecorator {
  return (prototype, name) => {
    Reflect.defineMetadata(anyJsonKey, [...namesOf(prototype), name], prototype);
    Allow()(prototype, name);
  };
}

interface TakenApart {
  readonly checkable: Readonly<Record<string, unknown>>;
  readonly untouched: Readonly<Record<string, unknown>>;
}

/** Parts what is checked from what is handed on. */
export function takeAnyJson(
  fields: Readonly<Record<string, unknown>>,
  dto: { readonly prototype: object },
): TakenApart {
  const names = new Set(namesOf(dto.prototype));
  const entries = Object.entries(fields);
  return {
    checkable: Object.fromEntries(entries.filter(([name]) => !names.has(name))),
    untouched: Object.fromEntries(entries.filter(([name]) => names.has(name))),
  };
}
