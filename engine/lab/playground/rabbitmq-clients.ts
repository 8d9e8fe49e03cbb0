/**
 * Publishers and consumers of a playground's RabbitMQ.
 *
 * Messages carry their history ids as bodies. Not here: the applications (`rabbitmq-publisher.ts`,
 * `rabbitmq-consumer.ts` of the lab).
 */
import type { Lab } from '../experiment.ts';
import type { Localized } from '../knob.ts';
import type { RabbitCluster } from '../rabbitmq.ts';
import { Pace, rateOf, rateRefusal } from './pace.ts';
import type { PlaygroundClient } from './playground-client.ts';
import { refusal } from './refusal.ts';

export interface PublisherSpec {
  /** Empty: the default exchange, whose routing key is a queue's name. */
  readonly exchange: string;
  readonly routingKey: string;
  readonly rate: string;
  /** How many messages; null: without end. */
  readonly count: number | null;
  readonly persistent: boolean;
  readonly mandatory: boolean;
  /** Whether it asks for confirms. */
  readonly confirm: boolean;
  /** From 1: to which node it connects first. */
  readonly node: number;
}

export interface QueueConsumerSpec {
  readonly queue: string;
  /** 0: without limit. */
  readonly prefetch: number;
  /** Milliseconds that each message takes. */
  readonly processingMs: number;
  readonly noAck: boolean;
  readonly node: number;
}

const PERSISTENT = 2;

export class RabbitPublisher implements PlaygroundClient {
  readonly kind = 'publisher';
  readonly name: string;
  readonly #spec: PublisherSpec;
  readonly #pace: Pace;
  #rate: string;

  constructor(lab: Lab, rabbit: RabbitCluster, name: string, spec: PublisherSpec) {
    this.name = name;
    this.#spec = spec;
    this.#rate = spec.rate;
    const { exchange, routingKey, count, persistent, mandatory, confirm, node } = spec;
    rabbit.addPublisher(name, { node, mode: confirm ? 'confirm' : 'none' });
    const properties = persistent ? { deliveryMode: PERSISTENT } : {};
    const send = (_place: number, delayMs: number): void =>
      rabbit.publish(name, { exchange, routingKey, mandatory, properties, delayMs });
    this.#pace = new Pace(lab, { host: name, rate: rateOf(spec.rate)!, count, send });
  }

  get options(): string {
    const { exchange, routingKey, count, persistent, mandatory, confirm } = this.#spec;
    const to =
      exchange === ''
        ? `--queue ${routingKey}`
        : `--exchange ${exchange} --routing-key ${routingKey}`;
    return [
      ...[to, `--rate ${this.#rate}`, ...(count === null ? [] : [`--count ${count}`])],
      ...(persistent ? ['--persistent'] : []),
      ...(mandatory ? ['--mandatory'] : []),
      ...(confirm ? [] : ['--no-confirm']),
    ].join(' ');
  }

  set(option: string, value: string): Localized | 'at once' {
    if (option !== 'rate') return refusal(this.name, option, 'rate');
    const wrong = rateRefusal(value);
    if (wrong !== null) return wrong;
    this.#rate = value;
    this.#pace.rate = rateOf(value)!;
    return 'at once';
  }
}

export class RabbitConsumer implements PlaygroundClient {
  readonly kind = 'consumer';
  readonly name: string;
  readonly #spec: QueueConsumerSpec;

  constructor(rabbit: RabbitCluster, name: string, spec: QueueConsumerSpec) {
    this.name = name;
    this.#spec = spec;
    const { queue, prefetch, processingMs, noAck, node } = spec;
    rabbit.addConsumer(name, queue, { prefetch, processingMs, noAck, node });
  }

  get options(): string {
    const { queue, prefetch, processingMs, noAck } = this.#spec;
    return [
      `--queue ${queue}`,
      ...(prefetch === 0 ? [] : [`--prefetch ${prefetch}`]),
      ...(processingMs === 0 ? [] : [`--processing ${processingMs}ms`]),
      ...(noAck ? ['--no-ack'] : []),
    ].join(' ');
  }

  /** A consumer of RabbitMQ says what it wants when it subscribes. */
  set(option: string): Localized {
    return {
      en: `${this.name}: '${option}' cannot be set; remove it and add another consumer`,
      zh: `${this.name}：不能修改“${option}”，请移除后另加一个消费者`,
    };
  }
}
