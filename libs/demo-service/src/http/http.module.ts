import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { DtoPipe } from './dto.pipe.js';
import { HttpErrorFilter } from './error.filter.js';

/** One error form and checked bodies, for everything that this app answers. */
@Module({
  providers: [
    { provide: APP_FILTER, useClass: HttpErrorFilter },
    { provide: APP_PIPE, useClass: DtoPipe },
  ],
})
export class HttpModule {}
