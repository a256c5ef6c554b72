import { Injectable, type PipeTransform } from '@nestjs/common';
import { parseName, parseUserId } from '@nest-wsc/protocol';

/** `:user` of an address. @throws {WscError} WSC_INVALID_NAME */
@Injectable()
export class UserIdPipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    return parseUserId(value, 'user');
  }
}

/** `:room` of an address. @throws {WscError} WSC_INVALID_NAME */
@Injectable()
export class RoomNamePipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    return parseName(value, 'room');
  }
}
