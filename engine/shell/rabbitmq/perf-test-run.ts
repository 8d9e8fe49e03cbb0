/**
 * A run of `perf-test`: declares what it needs, then producers publish and consumers consume, each
 * over a connection of its own, until a limit is reached or Ctrl-C.
 *
 * A body begins with its producer and its number. Not here: options (`perf-test-options.ts`),
 * figures (`perf-test-figures.ts`). Differs: without a rate a producer publishes a message each
 * millisecond; a message's time is known to the run that published it, there it is in the body.
 * Source: PerfTest 2.22.1: MulticastSet, Producer, Consumer.
 */
import { assert } from '../../kernel/assert.ts';
import { encodeUtf8 } from '../../bytes/utf8.ts';
import type { Address } from '../../kernel/ports.ts';
import { micros, microsOfMillis, type Micros } from '../../kernel/units.ts';
import { firstWord } from '../../rabbitmq/queue/queue-view.ts';
import { AmqpClient } from '../../rabbitmq/client/amqp-client.ts';
import type { ClientChannel, Delivery } from '../../rabbitmq/client/client-channel.ts';
import type { CallArgs, Reply, RpcName } from '../../rabbitmq/client/rpc.ts';
import { isShutdownSignal, type ShutdownSignal } from '../../rabbitmq/client/shutdown-signal.ts';
import type { Call, Program } from '../program.ts';
import { AmqpSession, type Login } from './amqp-session.ts';
import { PerfTestFigures } from './perf-test-figures.ts';
import type { PerfTestSettings } from './perf-test-options.ts';

const SECOND = microsOfMillis(1000);
const FASTEST = microsOfMillis(1);
const PERSISTENT = 2;
const INTERRUPTED = 130;
/** Milliseconds that connections have to end. */
const SHUTDOWN_MS = 5000;
/** Times of messages that are kept until they come. */
const UNDER_WAY_MAX = 100_000;

export class PerfTestRun implements Program {
  readonly #call: Call;
  readonly #settings: PerfTestSettings;
  readonly #address: Address;
  readonly #login: Login;
  readonly #figures: PerfTestFigures;
  readonly #id: string;
  /** When a message was published, by its body's first word. */
  readonly #published = new Map<string, Micros>();
  /** Producers and consumers that have reached their limit, and those that are still at work. */
  readonly #reached = { Producer: 0, Consumer: 0 };
  #working = 0;
  readonly #clients: AmqpClient[] = [];
  #queue = '';
  #routingKey: string;
  #hasBegun = false;
  #isOver = false;
  /** Consumers and producers that have their channel. */
  #ready = 0;

  constructor(call: Call, settings: PerfTestSettings, address: Address, login: Login) {
    const { clock } = call.ports;
    this.#call = call;
    this.#settings = settings;
    this.#address = address;
    this.#login = login;
    this.#id = `test-${timeText(clock.wall())}`;
    this.#routingKey = settings.routingKey;
    this.#figures = new PerfTestFigures({
      ...{ id: this.#id, begin: clock.now(), mandatory: settings.isMandatory },
      ...{ producers: settings.producers > 0, consumers: settings.consumers > 0 },
      confirms: settings.confirm >= 0 && settings.producers > 0,
    });
  }

  /** Nothing ends it by itself. */
  get isWaiting(): boolean {
    const { timeLimitS, producers, consumers } = this.#settings;
    const { producerMessages, consumerMessages } = this.#settings;
    if (!this.#hasBegun || this.#ready < this.#working || timeLimitS > 0) return false;
    return (producers > 0 && producerMessages === 0) || (consumers > 0 && consumerMessages === 0);
  }

  interrupt(): void {
    this.#stop('', INTERRUPTED);
  }

  start(): void {
    const { isPredeclared, queue, exchange } = this.#settings;
    assert(this.#queue === '', 'a run begins once', { queue });
    if (!isPredeclared) {
      this.#open((session) => this.#declare(session, { exchange: false, queue: false }));
      return;
    }
    this.#isThere('queue.declare', { queue }, queue !== '', (hasQueue) => {
      this.#isThere('exchange.declare', { exchange }, exchange !== '', (hasExchange) => {
        const has = { exchange: hasExchange, queue: hasQueue };
        this.#open((session) => this.#declare(session, has));
      });
    });
  }

  #open(then: (session: AmqpSession) => void): void {
    const session: AmqpSession = new AmqpSession(this.#call.ports, this.#address, this.#login, {
      ready: () => then(session),
      failed: (signal) => {
        if (!this.#hasBegun) this.#failed(signal);
      },
    });
  }

  /** Whether it was declared already: to ask costs a channel where it was not. */
  #isThere<N extends 'queue.declare' | 'exchange.declare'>(
    method: N,
    of: CallArgs<N>,
    isNamed: boolean,
    then: (isThere: boolean) => void,
  ): void {
    if (!isNamed) {
      then(false);
      return;
    }
    this.#open((session) => {
      session.channel.call(method, { ...of, passive: true }, (reply) => {
        session.close(() => then(!isShutdownSignal(reply)));
      });
    });
  }

  #failed(signal: ShutdownSignal): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.err(`Main thread caught exception: ${exceptionOf(signal)}`);
    this.#call.out('test stopped');
    this.#call.exit(1);
  }

  // ---------------------------------------------------------------------------------- topology

  /** Declares what is not there yet, binds, and gives the channel back. */
  #declare({ channel }: AmqpSession, has: { exchange: boolean; queue: boolean }): void {
    const { exchange, type, queue, isPersistent, autoDelete } = this.#settings;
    const call = <N extends RpcName>(
      method: N,
      of: CallArgs<N>,
      then: (reply: Reply<N>) => void,
    ): void => {
      channel.call(method, of, (reply) => {
        if (isShutdownSignal(reply)) this.#failed(reply);
        else then(reply);
      });
    };
    const begin = (): void => call('channel.close', {}, () => this.#begin());
    const bind = (name: string): void => {
      this.#queue = name;
      if (this.#routingKey === '') this.#routingKey = name;
      const routingKey = this.#routingKey;
      if (exchange === '') begin();
      else call('queue.bind', { queue: name, exchange, routingKey }, begin);
    };
    const declareQueue = (): void => {
      const args = { arguments: this.#settings.queueArguments };
      const of = { queue, durable: isPersistent, autoDelete, ...args };
      if (has.queue) bind(queue);
      else call('queue.declare', of, (reply) => bind(reply.args.queue));
    };
    if (has.exchange || exchange === '') declareQueue();
    else call('exchange.declare', { exchange, type, durable: true }, declareQueue);
  }

  // ---------------------------------------------------------------------------------- the run

  #begin(): void {
    this.#hasBegun = true;
    const { consumers, producers, timeLimitS, intervalS } = this.#settings;
    const { clock } = this.#call.ports;
    for (let at = 0; at < consumers; at++) this.#startConsumer(at);
    for (let at = 0; at < producers; at++) this.#startProducer(at);
    if (timeLimitS > 0) {
      const end = micros(timeLimitS * SECOND);
      // The last line is printed before the end.
      clock.after(micros(end + 1), 'time limit', () => this.#stop('Reached time limit', 0));
    }
    const print = (): void => {
      if (this.#isOver) return;
      this.#call.out(this.#figures.line(clock.now()));
      clock.after(micros(intervalS * SECOND), 'interval', print);
    };
    clock.after(micros(intervalS * SECOND), 'interval', print);
  }

  #client(started: (channel: ClientChannel) => void): void {
    const { user, password, virtualHost } = this.#login;
    const client = new AmqpClient(this.#call.ports, {
      addresses: [this.#address],
      settings: { username: user, password, virtualHost },
      started: (made) => started(made.openChannel()),
    });
    client.start();
    this.#clients.push(client);
    this.#working += 1;
  }

  #said(what: string, at: number): void {
    this.#call.out(`id: ${this.#id}, starting ${what} #${at}`);
    this.#call.out(`id: ${this.#id}, starting ${what} #${at}, channel #0`);
  }

  /** One of them has reached its limit; the last one ends the run. */
  #done(who: 'Producer' | 'Consumer'): void {
    this.#reached[who] += 1;
    this.#working -= 1;
    if (this.#working > 0) return;
    const reasons = (['Producer', 'Consumer'] as const).flatMap((kind) => {
      const count = this.#reached[kind];
      if (count === 0) return [];
      return `${kind} reached message limit${count > 1 ? ` [${count}]` : ''}`;
    });
    this.#stop(reasons.join(', '), 0);
  }

  #stop(reason: string, code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.out(reason === '' ? 'test stopped' : `test stopped (${reason})`);
    for (const line of this.#figures.summary(this.#call.ports.clock.now())) this.#call.out(line);
    for (const client of this.#clients) client.close();
    this.#whenClosed(code, SHUTDOWN_MS);
  }

  /** What was sent last is lost if the process ends before its connections have. */
  #whenClosed(code: number, leftMs: number): void {
    const isClosed = this.#clients.every(({ state }) => state === 'closed');
    if (isClosed || leftMs <= 0) {
      this.#call.exit(code);
      return;
    }
    const { clock } = this.#call.ports;
    clock.after(FASTEST, 'shutdown', () => this.#whenClosed(code, leftMs - 1));
  }

  // --------------------------------------------------------------------------------- producers

  #startProducer(at: number): void {
    this.#said('producer', at);
    const { confirm, rate, producerMessages } = this.#settings;
    const { clock } = this.#call.ports;
    const apart = rate > 0 ? micros(Math.max(1, Math.floor(SECOND / rate))) : FASTEST;
    this.#ready += 1;
    this.#client((channel) => {
      if (confirm >= 0) channel.call('confirm.select', {});
      channel.whenReturned(() => this.#figures.count('returned'));
      let sent = 0;
      let isDone = false;
      const step = (): void => {
        if (this.#isOver) return;
        const isFull = confirm >= 0 && channel.outstandingCount >= Math.max(1, confirm);
        if (channel.state === 'open' && !isFull) {
          sent += 1;
          this.#publish(channel, `p${at}-${sent}`);
        }
        if (producerMessages > 0 && sent >= producerMessages && !isDone) {
          isDone = true;
          this.#whenConfirmed(channel, () => this.#done('Producer'));
          return;
        }
        clock.after(apart, 'producer', step);
      };
      clock.after(apart, 'producer', step);
    });
  }

  #publish(channel: ClientChannel, id: string): void {
    const { exchange, size, isMandatory, isPersistent, consumers, confirm } = this.#settings;
    const { clock } = this.#call.ports;
    const at = clock.now();
    if (consumers > 0 && this.#published.size < UNDER_WAY_MAX) this.#published.set(id, at);
    const body = encodeUtf8(id.padEnd(size, ' '));
    const properties = isPersistent ? { deliveryMode: PERSISTENT } : {};
    const routingKey = this.#routingKey;
    const of = { exchange, routingKey, body, mandatory: isMandatory, properties };
    this.#figures.count('sent');
    channel.publish(of, (told) => {
      if (confirm < 0 || isShutdownSignal(told) || this.#isOver) return;
      this.#figures.count(told.outcome === 'ack' ? 'confirmed' : 'nacked');
      this.#figures.took('confirmLatencies', clock.now() - at);
    });
  }

  /** Goes on when nothing is outstanding any more. */
  #whenConfirmed(channel: ClientChannel, then: () => void): void {
    if (this.#isOver) return;
    if (channel.outstandingCount === 0) then();
    else {
      const { clock } = this.#call.ports;
      clock.after(FASTEST, 'confirms', () => this.#whenConfirmed(channel, then));
    }
  }

  // --------------------------------------------------------------------------------- consumers

  #startConsumer(at: number): void {
    this.#said('consumer', at);
    const { prefetch, autoAck, consumerRate } = this.#settings;
    this.#client((channel) => {
      if (prefetch > 0) channel.call('basic.qos', { prefetchCount: prefetch });
      const consumer = { count: 0, free: 0 };
      channel.consume(
        { queue: this.#queue, noAck: autoAck },
        {
          delivered: (delivery) => {
            if (consumerRate === 0) this.#take(channel, consumer, delivery);
            else this.#takeLater(channel, consumer, delivery);
          },
        },
        () => (this.#ready += 1),
      );
    });
  }

  /** One message after the other, as slowly as the consumer is. */
  #takeLater(channel: ClientChannel, consumer: ConsumerState, delivery: Delivery): void {
    const { clock } = this.#call.ports;
    const now = clock.now();
    consumer.free = Math.max(now, consumer.free) + SECOND / this.#settings.consumerRate;
    const delay = micros(Math.floor(consumer.free - now));
    clock.after(delay, 'consumer rate', () => this.#take(channel, consumer, delivery));
  }

  #take(channel: ClientChannel, consumer: ConsumerState, delivery: Delivery): void {
    const { consumerMessages, autoAck, multiAckEvery } = this.#settings;
    if (this.#isOver || (consumerMessages > 0 && consumer.count >= consumerMessages)) return;
    consumer.count += 1;
    this.#figures.count('received');
    const id = firstWord(delivery.body);
    const at = this.#published.get(id);
    if (at !== undefined) {
      this.#published.delete(id);
      this.#figures.took('latencies', this.#call.ports.clock.now() - at);
    }
    if (!autoAck && multiAckEvery === 0) channel.ack(delivery);
    else if (!autoAck && consumer.count % multiAckEvery === 0) channel.ack(delivery, true);
    if (consumer.count === consumerMessages) this.#done('Consumer');
  }
}

interface ConsumerState {
  count: number;
  /** When it has done what it was given, in microseconds. */
  free: number;
}

/** The exception that the Java client throws for what the broker said. */
function exceptionOf({ error, text }: ShutdownSignal): string {
  if (error === null) return `java.net.ConnectException: ${text}`;
  if (error.code === 403)
    return `com.rabbitmq.client.AuthenticationFailureException: ${text.slice(4)}`;
  return `java.io.IOException: ${text}`;
}

/** `195212-932` of a time of day. */
function timeText(wallMs: number): string {
  const pair = (number: number): string => String(number).padStart(2, '0');
  const seconds = Math.floor(wallMs / 1000);
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  return `${parts.map(pair).join('')}-${String(wallMs % 1000).padStart(3, '0')}`;
}
