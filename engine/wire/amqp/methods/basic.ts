/**
 * Class basic (60): publishing, delivering and settling messages.
 *
 * RabbitMQ's extensions: nack; ack and nack also from the server, as publisher confirms; cancel
 * also from the server, when the consumer's queue is gone.
 */
import { bit, long, longlong, method, short, shortstr, table } from '../grammar.ts';

export const basicMethods = {
  'basic.qos': method(
    [60, 10],
    'basic.qos',
    { prefetchSize: long(), prefetchCount: short(), global: bit() },
    { from: 'client' },
  ),
  'basic.qos-ok': method([60, 11], 'basic.qos-ok', {}, { from: 'server' }),
  'basic.consume': method(
    [60, 20],
    'basic.consume',
    {
      ticket: short(),
      queue: shortstr(),
      consumerTag: shortstr(),
      noLocal: bit(),
      noAck: bit(),
      exclusive: bit(),
      noWait: bit(),
      arguments: table(),
    },
    { from: 'client' },
  ),
  'basic.consume-ok': method(
    [60, 21],
    'basic.consume-ok',
    { consumerTag: shortstr() },
    { from: 'server' },
  ),
  'basic.cancel': method(
    [60, 30],
    'basic.cancel',
    { consumerTag: shortstr(), noWait: bit() },
    { from: 'both' },
  ),
  'basic.cancel-ok': method(
    [60, 31],
    'basic.cancel-ok',
    { consumerTag: shortstr() },
    { from: 'both' },
  ),
  'basic.publish': method(
    [60, 40],
    'basic.publish',
    {
      ticket: short(),
      exchange: shortstr(),
      routingKey: shortstr(),
      mandatory: bit(),
      immediate: bit(),
    },
    { content: true, from: 'client' },
  ),
  'basic.return': method(
    [60, 50],
    'basic.return',
    { replyCode: short(), replyText: shortstr(), exchange: shortstr(), routingKey: shortstr() },
    { content: true, from: 'server' },
  ),
  'basic.deliver': method(
    [60, 60],
    'basic.deliver',
    {
      consumerTag: shortstr(),
      deliveryTag: longlong(),
      redelivered: bit(),
      exchange: shortstr(),
      routingKey: shortstr(),
    },
    { content: true, from: 'server' },
  ),
  'basic.get': method(
    [60, 70],
    'basic.get',
    { ticket: short(), queue: shortstr(), noAck: bit() },
    { from: 'client' },
  ),
  'basic.get-ok': method(
    [60, 71],
    'basic.get-ok',
    {
      deliveryTag: longlong(),
      redelivered: bit(),
      exchange: shortstr(),
      routingKey: shortstr(),
      messageCount: long(),
    },
    { content: true, from: 'server' },
  ),
  'basic.get-empty': method(
    [60, 72],
    'basic.get-empty',
    { clusterId: shortstr() },
    { from: 'server' },
  ),
  'basic.ack': method(
    [60, 80],
    'basic.ack',
    { deliveryTag: longlong(), multiple: bit() },
    { from: 'both' },
  ),
  'basic.reject': method(
    [60, 90],
    'basic.reject',
    { deliveryTag: longlong(), requeue: bit(true) },
    { from: 'client' },
  ),
  'basic.recover-async': method(
    [60, 100],
    'basic.recover-async',
    { requeue: bit() },
    { from: 'client' },
  ),
  'basic.recover': method([60, 110], 'basic.recover', { requeue: bit() }, { from: 'client' }),
  'basic.recover-ok': method([60, 111], 'basic.recover-ok', {}, { from: 'server' }),
  'basic.nack': method(
    [60, 120],
    'basic.nack',
    { deliveryTag: longlong(), multiple: bit(), requeue: bit(true) },
    { from: 'both' },
  ),
} as const;
