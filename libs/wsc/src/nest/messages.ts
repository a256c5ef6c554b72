/** Data of the event `notification` (PROTOCOL.md §4). */
export interface Notification {
  readonly title: string;
  readonly body: string;
  readonly icon?: string;
  /** Where a click leads. */
  readonly link?: string;
  readonly category?: string;
  readonly data?: unknown;
}

/** Data of the event `data_update` (PROTOCOL.md §4). */
export interface DataUpdate {
  /** What kind of thing has changed, for example `order`. */
  readonly entity: string;
  /** For example `created`, `updated`, `deleted`. */
  readonly action: string;
  readonly id: string | number;
  readonly data?: unknown;
}
