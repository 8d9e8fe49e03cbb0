/** A broker and clients that speak by typed methods, in the simulated world with paranoid wire. */
import type { AnyStateMachine } from 'xstate';
import type { CloseReason, Connection, Ports, Process } from '../../../engine/kernel/ports.ts';
import { AMQP_PORT } from '../../../engine/rabbitmq/connection/amqp-listener.ts';
import { RabbitNode, type RabbitNodeOptions } from '../../../engine/rabbitmq/node.ts';
import { profileOf } from '../../../engine/rabbitmq/profiles.ts';
import type { VirtualHost } from '../../../engine/rabbitmq/vhost/virtual-host.ts';
import { World } from '../../../engine/sim/world.ts';
import {
  AMQP_0_9_1,
  command,
  contentCommand,
  HEARTBEAT,
  type AmqpMessage,
  type Command,
} from '../../../engine/wire/amqp/command.ts';
import { fieldTable } from '../../../engine/wire/amqp/field-table.ts';
import type { ArgsOf, MethodName } from '../../../engine/wire/amqp/methods.ts';
import { amqpProtocol } from '../../../engine/wire/amqp/protocol.ts';
import type { BasicProperties } from '../../../engine/wire/amqp/properties.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const CAPABILITIES = [
  'authentication_failure_close',
  'consumer_cancel_notify',
  'connection.blocked',
];

/** A client that does what it is told, and keeps what it hears. */
export class Client implements Process {
  readonly ports: Ports;
  readonly heard: AmqpMessage[] = [];
  closed: CloseReason | null = null;
  connection: Connection | null = null;

  constructor(ports: Ports) {
    this.ports = ports;
  }

  start(): void {
    this.connection = this.ports.network.connect(
      { host: 'rabbit', port: AMQP_PORT },
      amqpProtocol,
      {
        received: (message) => this.heard.push(message as AmqpMessage),
        closed: (reason) => (this.closed = reason),
      },
    );
  }
}

export interface LoginOptions {
  readonly password?: string;
  readonly heartbeat?: number;
  readonly frameMax?: number;
  readonly channelMax?: number;
  /** The client says that it understands what RabbitMQ adds. */
  readonly isCapable?: boolean;
}

export class Rig {
  readonly world = new World({ seed: 1, trace: true, paranoidWire: true, freeze: true });

  constructor(clients = 1, options: Partial<RabbitNodeOptions> = {}) {
    const profile = profileOf('rabbitmq-3.10');
    this.world.addHost('rabbit', (ports) => new RabbitNode(ports, { profile, ...options })).start();
    // It listens when what it has on its disk is loaded.
    this.sleep(50);
    for (let number = 1; number <= clients; number++) {
      this.world.addHost(`client-${number}`, (ports) => new Client(ports)).start();
    }
    this.sleep(50);
  }

  get broker(): RabbitNode {
    return this.world.hostNamed('rabbit')!.process as RabbitNode;
  }

  get vhost(): VirtualHost {
    return this.broker.vhosts.get('/')!;
  }

  /** Channels that the broker has open. */
  get channelCount(): number {
    const connections = this.broker.listener.inspect();
    const channels = connections.flatMap((connection) => connection.channels);
    return channels.filter(({ state }) => state !== 'closing').length;
  }

  client(number: number): Client {
    return this.world.hostNamed(`client-${number}`)!.process as Client;
  }

  /** The state of the only connection, or of the client's by its place. */
  state(place = 0): string {
    return this.broker.listener.inspect()[place]?.state ?? 'gone';
  }

  sleep(millis: number): void {
    this.world.run(() => false, { micros: millis * 1000, events: 200_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
  }

  /** Runs something as an event of a host. */
  at(host: string, run: () => void): void {
    this.world.command(host, 'test', run);
    this.sleep(20);
  }

  send(message: AmqpMessage, number = 1): void {
    this.at(`client-${number}`, () => this.client(number).connection!.send(message));
  }

  /** Sends a method and gives what was heard because of it, a line each. */
  call<N extends MethodName>(
    channel: number,
    name: N,
    args: Partial<ArgsOf<N>> = {},
    number = 1,
  ): string[] {
    this.send(command(channel, name, args), number);
    return this.heard(number);
  }

  publish(
    args: Partial<ArgsOf<'basic.publish'>>,
    body: string,
    properties: BasicProperties = {},
    number = 1,
  ): string[] {
    const content = { properties, body: bytes(body) };
    this.send(contentCommand(1, 'basic.publish', args, { content, frameMax: 4096 }), number);
    return this.heard(number);
  }

  header(number = 1): string[] {
    this.send(AMQP_0_9_1, number);
    return this.heard(number);
  }

  heartbeat(number = 1): void {
    this.send(HEARTBEAT, number);
  }

  startOk({ password = 'guest', isCapable = true }: LoginOptions = {}, number = 1): string[] {
    const isTrue = { type: 'bool', value: true } as const;
    const capabilities = fieldTable(Object.fromEntries(CAPABILITIES.map((name) => [name, isTrue])));
    return this.call(
      0,
      'connection.start-ok',
      {
        clientProperties: fieldTable(
          isCapable ? { capabilities: { type: 'table', value: capabilities } } : {},
        ),
        mechanism: 'PLAIN',
        response: bytes(`\0guest\0${password}`),
        locale: 'en_US',
      },
      number,
    );
  }

  /** The whole handshake, and channel 1. */
  open(options: LoginOptions = {}, number = 1): void {
    const { heartbeat = 0, frameMax = 4096, channelMax = 10 } = options;
    this.header(number);
    this.startOk(options, number);
    this.call(0, 'connection.tune-ok', { heartbeat, frameMax, channelMax }, number);
    this.call(0, 'connection.open', { virtualHost: '/' }, number);
    this.call(1, 'channel.open', {}, number);
  }

  /** What a client heard since it was asked last, and whether the connection has ended. */
  heard(number = 1): string[] {
    const client = this.client(number);
    const lines = client.heard.splice(0).map(printed);
    if (client.closed !== null) lines.push(client.closed);
    client.closed = null;
    return lines;
  }

  /** The errors with which the broker closed channels, in full. */
  get errors(): string[] {
    return [...this.world.trace.entries()].flatMap(({ kind, data }) => {
      const { replyCode, replyText } = data as Readonly<Record<string, unknown>>;
      if (kind !== 'amqp-error') return [];
      return [`channel.close ${String(replyCode)} ${String(replyText)}`];
    });
  }

  /** The transitions of a machine that the trace has. */
  visited(machine: string): Set<string> {
    const edges = new Set<string>();
    for (const entry of this.world.trace.entries()) {
      const data = entry.data as Readonly<Record<string, string>>;
      if (entry.kind !== 'machine' || data['machine'] !== machine) continue;
      if (data['event'] !== 'start') edges.add(`${data['from']} ${data['event']} ${data['to']}`);
    }
    return edges;
  }
}

/** The transitions that a machine's states name, its own for all states left out. */
export function edgesOf(machine: AnyStateMachine): string[] {
  return Object.values(machine.states).flatMap((state) =>
    [...state.transitions.values()]
      .flat()
      .flatMap(({ eventType, target }) =>
        (target ?? [state]).map((to) => `${state.key} ${eventType} ${to.key}`),
      ),
  );
}

function printed(message: AmqpMessage): string {
  if (message.kind !== 'command') return message.kind;
  const { name, content } = message;
  const body = content === null ? '' : ` '${Buffer.from(content.body).toString()}'`;
  return `${name}${shown(message)}${body}`;
}

/** Of the arguments, those that tests look at. */
function shown(message: Command): string {
  switch (message.name) {
    case 'connection.close':
    case 'channel.close': {
      const { replyCode, replyText, classId, methodId } = message.args;
      return ` ${replyCode} ${replyText.split(' - ')[0]} ${classId}.${methodId}`;
    }
    case 'basic.deliver':
    case 'basic.get-ok':
      return ` ${message.args.deliveryTag}${message.args.redelivered ? ' redelivered' : ''}`;
    case 'basic.ack':
    case 'basic.nack':
      return ` ${message.args.deliveryTag}${message.args.multiple ? ' multiple' : ''}`;
    case 'basic.return':
      return ` ${message.args.replyCode}`;
    case 'connection.blocked':
      return ` ${message.args.reason}`;
    case 'basic.cancel':
      return ` ${message.args.consumerTag}`;
    default:
      return '';
  }
}
