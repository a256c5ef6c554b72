export { WscPublisher } from '../wsc-publisher.js';
export { WscPublisherModule } from './wsc-publisher.module.js';
