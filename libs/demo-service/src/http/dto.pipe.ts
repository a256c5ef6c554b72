import { type ArgumentMetadata, Injectable, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { WscError } from '@nest-wsc/protocol';
import { takeAnyJson } from './any-json.js';
import { isStructureBounded } from './structure.js';

/** Flattens nested errors to `ack.retries` → reasons. */
function listReasons(
  errors: readonly ValidationError[],
  prefix = '',
): readonly (readonly [string, readonly string[]])[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const field = `${prefix}${property}`;
    const own = constraints === undefined ? [] : [[field, Object.values(constraints)] as const];
    return [...own, ...listReasons(children ?? [], `${field}.`)];
  });
}

function refuse(message?: string): WscError {
  return new WscError('WSC_VALIDATION_FAILED', { message });
}

/**
 * Checks every DTO, of HTTP bodies and of WebSocket events alike: unknown fields are refused, and so is a structure
 * that could not be sent on. The error names each field with its reasons.
 * @throws {WscError} WSC_VALIDATION_FAILED
 */
@Injectable()
export class DtoPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
      exceptionFactory: (errors) =>
        new WscError('WSC_VALIDATION_FAILED', { details: Object.fromEntries(listReasons(errors)) }),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'body' || metadata.metatype === undefined || !this.toValidate(metadata)) {
      const checked: unknown = await super.transform(value, metadata);
      return checked;
    }
    // class-validator lets an array pass, and class-transformer goes as deep as it is sent.
    if (!isFields(value)) throw refuse('The data must be a JSON object.');
    if (!isStructureBounded(value)) throw refuse('The data nests deeper than 32 levels or has more than 1,000 keys.');
    const { checkable, untouched } = takeAnyJson(value ?? {}, metadata.metatype);
    const dto: unknown = await super.transform(checkable, metadata);
    return typeof dto === 'object' && dto !== null ? Object.assign(dto, untouched) : dto;
  }
}

/** Nothing sent is no field sent. */
function isFields(value: unknown): value is Readonly<Record<string, unknown>> | undefined {
  return value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value));
}
