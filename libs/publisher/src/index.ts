export type { DataUpdate, ErrorName, MessageInput, Notification, Priority } from '@nest-wsc/protocol';
export { WscError } from '@nest-wsc/protocol';
export type { RedisAddress, RedisClientLike, RedisOptions, RedisSettings } from '@nest-wsc/redis';
export type { PublisherLog } from './publisher-log.js';
export { WscPublisher, type PublishOptions, type PublishResult, type WscPublisherOptions } from './wsc-publisher.js';
