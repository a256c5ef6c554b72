export * from './channels.js';
export * from './cluster-batch.js';
export { clusterLimits, encodeClusterMessage, type ClusterAudience, type ClusterMessage } from './cluster-message.js';
export * from './open-entry.js';
export * from './open-message.js';
