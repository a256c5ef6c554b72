import type { NextFunction, Request, Response } from 'express';
import { HttpException } from '@nestjs/common';

/**
 * Refuses a body of another type with 415: the parser of JSON passes it over, and the answer would name fields as missing that were sent.
 * `curl -d` without a header is one.
 */
export function jsonOnly(request: Request, _response: Response, next: NextFunction): void {
  // Null where there is no body.
  const isOther = request.is('json') === false && request.headers['content-length'] !== '0';
  next(
    isOther
      ? new HttpException('The body must be JSON: send it with "Content-Type: application/json".', 415)
      : undefined,
  );
}
