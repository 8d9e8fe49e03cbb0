/** What the views see of a connection and its channels. */
interface ChannelView {
  readonly number: number;
  readonly state: string;
  /** `confirm`, `tx` or `none`. */
  readonly mode: string;
}

/** What the views see of a connection. */
export interface AmqpConnectionView {
  readonly id: string;
  readonly client: string;
  readonly state: string;
  readonly user: string;
  readonly virtualHost: string;
  readonly channels: readonly ChannelView[];
}
