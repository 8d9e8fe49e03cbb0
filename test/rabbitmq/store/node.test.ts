/** A node of a simulated world with classic queues on its disk: confirms, crashes, shutdowns. */
import { describe, expect, test } from 'vitest';
import { micros } from '../../../engine/kernel/units.ts';
import { createRabbitNode, type RabbitNode } from '../../../engine/rabbitmq/node.ts';
import { type ProfileName, profileOf } from '../../../engine/rabbitmq/profiles.ts';
import type {
  ChannelSession,
  SessionListener,
} from '../../../engine/rabbitmq/vhost/channel-session.ts';
import type { VirtualHost } from '../../../engine/rabbitmq/vhost/virtual-host.ts';
import type { BasicProperties } from '../../../engine/wire/amqp/properties.ts';
import { EMPTY_TABLE } from '../../../engine/wire/amqp/field-table.ts';
import { inject } from '../../../engine/sim/faults.ts';
import { World } from '../../../engine/sim/world.ts';

const actor = { user: 'guest', id: 'client' };

const silent: SessionListener = {
  deliver: () => undefined,
  returned: () => undefined,
  confirmed: () => undefined,
  rejected: () => undefined,
  consumerCancelled: () => undefined,
  timedOut: () => undefined,
};

class Site {
  readonly world = new World({ seed: 1 });
  readonly confirmed: number[] = [];
  readonly delivered: string[] = [];
  #node!: RabbitNode;
  session!: ChannelSession;

  constructor(name: ProfileName) {
    const stores = { embedMessagesBelow: 300 };
    const create = createRabbitNode({ profile: profileOf(name), stores });
    this.world.addHost('rabbit-1', (ports) => (this.#node = create(ports)));
    this.#start();
    this.act(() => {
      const how = { passive: false, durable: true, exclusive: false, autoDelete: false };
      const queue = { queue: 'orders', ...how, arguments: EMPTY_TABLE };
      this.session.declareQueue(queue, () => undefined);
    });
    this.advance(50);
    expect(this.#vhost.queues.has('orders')).toBe(true);
  }

  get #vhost(): VirtualHost {
    return this.#node.vhosts.get('/')!;
  }

  #start(): void {
    this.world.hostNamed('rabbit-1')!.start();
    this.advance(500);
    expect(this.#node.inspect().state).toBe('running');
    this.act(() => {
      this.session = this.#vhost.openChannel(actor, {
        ...silent,
        deliver: ({ redelivered }, { properties }) => {
          const { messageId } = properties as BasicProperties;
          this.delivered.push(`${messageId!}${redelivered ? ' again' : ''}`);
        },
        confirmed: (number) => void this.confirmed.push(number),
      });
      this.session.selectConfirms();
    });
  }

  act(run: () => void): void {
    this.world.act(run);
    this.#check();
  }

  /** A channel without confirms. */
  plainChannel(): ChannelSession {
    let session: ChannelSession | null = null;
    this.act(() => (session = this.#vhost.openChannel(actor, silent)));
    return session!;
  }

  publish(
    name: string,
    options: { bytes?: number; persistent?: boolean } = {},
    session = this.session,
  ): void {
    const { bytes = 20, persistent = true } = options;
    const content = {
      properties: { deliveryMode: persistent ? 2 : 1, messageId: name },
      body: new Uint8Array(bytes),
    };
    const args = { exchange: '', routingKey: 'orders', mandatory: false, immediate: false };
    this.act(() => expect(session.publish(args, content)).toBeNull());
  }

  consume(noAck = false): void {
    const how = { queue: 'orders', consumerTag: 'c', noAck, exclusive: false };
    this.act(() => this.session.consume({ ...how, arguments: EMPTY_TABLE }, () => undefined));
  }

  advance(ms: number): void {
    this.world.run(() => false, { micros: micros(ms * 1000) });
    this.#check();
  }

  kill(power: boolean): void {
    const host = 'rabbit-1';
    inject(this.world, power ? { fault: 'power', host } : { fault: 'crash', host });
    this.#start();
  }

  restart(): void {
    this.world.hostNamed('rabbit-1')!.stop();
    this.advance(1000);
    this.#start();
  }

  #check(): void {
    if (this.world.failure !== null) throw this.world.failure.error;
  }
}

describe.each<ProfileName>(['rabbitmq-3.12', 'rabbitmq-4.3'])(
  'rabbitmq: store: a %s node',
  (name) => {
    test('rabbitmq: store: R1: what was confirmed outlives kill -9, and is redelivered', () => {
      const site = new Site(name);
      site.publish('brief', { persistent: false });
      site.publish('small');
      site.publish('large', { bytes: 500 });
      expect(site.confirmed, 'the transient one at once').toEqual([1]);
      site.advance(300);
      expect(site.confirmed).toEqual([1, 2, 3]);
      site.kill(false);
      site.consume();
      expect(site.delivered).toEqual(['small again', 'large again']);
    });

    test('rabbitmq: store: a loss of power takes what was confirmed without a sync', () => {
      const site = new Site(name);
      site.publish('large', { bytes: 500 });
      site.advance(300);
      expect(site.confirmed).toEqual([1]);
      site.kill(true);
      site.consume();
      expect(site.delivered).toEqual(name === 'rabbitmq-3.12' ? ['large again'] : []);
    });

    test('rabbitmq: store: a clean shutdown keeps what was and was not delivered', () => {
      const site = new Site(name);
      site.publish('a');
      site.publish('b');
      site.consume();
      site.act(() => expect(site.session.ack({ deliveryTag: 1, multiple: false })).toBeNull());
      site.act(() => site.session.cancel('c', () => undefined));
      site.publish('c');
      site.delivered.length = 0;
      site.restart();
      site.consume();
      expect(site.delivered).toEqual(['b again', 'c']);
    });

    test('rabbitmq: store: acknowledged before the write: confirmed, not written', () => {
      const site = new Site(name);
      site.consume();
      site.publish('quick', { bytes: 500 });
      site.act(() => expect(site.session.ack({ deliveryTag: 1, multiple: false })).toBeNull());
      site.advance(300);
      expect(site.confirmed).toEqual([1]);
      const disk = site.world.hostNamed('rabbit-1')!.disk;
      const store = disk.list('msg_stores').filter((path) => path.endsWith('.rdq'));
      expect(store.map((path) => disk.open(`msg_stores/${path}`).size())).toEqual([0]);
    });

    test('rabbitmq: store: without confirms a message waits for a flush', () => {
      for (const ms of [0, 1500]) {
        const site = new Site(name);
        const plain = site.plainChannel();
        site.publish('unconfirmed', {}, plain);
        site.advance(ms);
        site.kill(false);
        site.consume();
        expect(site.delivered).toEqual(ms === 0 ? [] : ['unconfirmed again']);
      }
    });

    test('rabbitmq: store: with automatic acknowledgement nothing is stored', () => {
      const site = new Site(name);
      site.consume(true);
      site.publish('quick');
      expect(site.confirmed).toEqual([1]);
      site.kill(false);
      site.consume();
      expect(site.delivered).toEqual(['quick']);
    });
  },
);
