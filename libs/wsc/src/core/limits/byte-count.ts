/** Bytes that several owners take together, held against one limit. */
export interface ByteCount {
  bytes: number;
}
