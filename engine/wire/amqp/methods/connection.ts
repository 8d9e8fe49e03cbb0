/**
 * Class connection (10): opening a connection, agreeing on its limits, closing it.
 *
 * RabbitMQ's extensions: blocked and unblocked (a resource alarm stops publishers), update-secret
 * (a token is renewed without a new connection).
 */
import { bit, long, longstr, longtext, method, octet, short, shortstr, table } from '../grammar.ts';

export const connectionMethods = {
  'connection.start': method(
    [10, 10],
    'connection.start',
    {
      versionMajor: octet(),
      versionMinor: octet(9),
      serverProperties: table(),
      mechanisms: longtext('PLAIN'),
      locales: longtext('en_US'),
    },
    { from: 'server' },
  ),
  'connection.start-ok': method(
    [10, 11],
    'connection.start-ok',
    {
      clientProperties: table(),
      mechanism: shortstr('PLAIN'),
      response: longstr(),
      locale: shortstr('en_US'),
    },
    { from: 'client' },
  ),
  'connection.secure': method(
    [10, 20],
    'connection.secure',
    { challenge: longstr() },
    { from: 'server' },
  ),
  'connection.secure-ok': method(
    [10, 21],
    'connection.secure-ok',
    { response: longstr() },
    { from: 'client' },
  ),
  'connection.tune': method(
    [10, 30],
    'connection.tune',
    { channelMax: short(), frameMax: long(), heartbeat: short() },
    { from: 'server' },
  ),
  'connection.tune-ok': method(
    [10, 31],
    'connection.tune-ok',
    { channelMax: short(), frameMax: long(), heartbeat: short() },
    { from: 'client' },
  ),
  'connection.open': method(
    [10, 40],
    'connection.open',
    { virtualHost: shortstr('/'), capabilities: shortstr(), insist: bit() },
    { from: 'client' },
  ),
  'connection.open-ok': method(
    [10, 41],
    'connection.open-ok',
    { knownHosts: shortstr() },
    { from: 'server' },
  ),
  'connection.close': method(
    [10, 50],
    'connection.close',
    { replyCode: short(), replyText: shortstr(), classId: short(), methodId: short() },
    { from: 'both' },
  ),
  'connection.close-ok': method([10, 51], 'connection.close-ok', {}, { from: 'both' }),
  'connection.blocked': method(
    [10, 60],
    'connection.blocked',
    { reason: shortstr() },
    { from: 'server' },
  ),
  'connection.unblocked': method([10, 61], 'connection.unblocked', {}, { from: 'server' }),
  'connection.update-secret': method(
    [10, 70],
    'connection.update-secret',
    { newSecret: longstr(), reason: shortstr() },
    { from: 'client' },
  ),
  'connection.update-secret-ok': method(
    [10, 71],
    'connection.update-secret-ok',
    {},
    { from: 'server' },
  ),
} as const;
