import { ValidateIf } from 'class-validator';

/** A field that need not be sent. Unlike `IsOptional` it lets no `null` pass, which the code behind would have to tell from absent. */
export const MayBeAbsent = (): PropertyDecorator => ValidateIf((_dto: unknown, value: unknown) => value !== undefined);
