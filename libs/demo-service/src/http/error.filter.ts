import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { framesOf, logLine } from '../log-line.js';
import { toErrorBody } from './error-answer.js';

/** Answers every HTTP error with the JSON of the catalogue. What happens inside goes to the log only, by its trace id. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    // The WebSocket side has its own answers; a global filter sees both.
    if (host.getType() !== 'http') throw error;
    const response = host.switchToHttp().getResponse<Response>();
    const body = toErrorBody(error, Date.now());
    if (body.code === 500) {
      this.logger.error(logLine('A request failed.', { traceId: body.trace_id, cause: error }), framesOf(error));
    }
    // An answer that has begun can only be cut; Node does that when the request ends.
    if (response.headersSent) return;
    if (body.code === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    if (body.retry_after_ms !== undefined) response.setHeader('Retry-After', Math.ceil(body.retry_after_ms / 1000));
    response.status(body.code).json(body);
  }
}
