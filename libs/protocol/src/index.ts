export * from './close-codes.js';
export * from './codec.js';
export * from './envelopes.js';
export * from './errors.js';
export * from './names.js';
