import type { NextFunction, Request, Response } from 'express';

/** Answers hold what is private to somebody, tokens even: no cache may keep them. */
export function noStore(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('Cache-Control', 'no-store');
  next();
}
